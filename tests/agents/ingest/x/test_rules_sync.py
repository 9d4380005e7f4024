from __future__ import annotations

from pathlib import Path

import pytest

from agents.ingest.contract import SourceRefused
from agents.ingest.sources.x.api import NotDone
from agents.ingest.sources.x.sync import RuleSync, synchronise
from pipeline.ingest.backoff import Failure
from pipeline.ingest.xaccess import ACCESS, Access
from pipeline.ingest.xrules import Rule, RulesDoNotFit
from pipeline.watchlist import Watchlist
from tests.agents.ingest.x.rulescene import FOREIGN, RuleScene, RulesOfX, rules_scene, watchlist_of
from tests.agents.ingest.x.scene import NOW_MS

PRO = ACCESS["pro"]


def access(rules: int) -> Access:
    return Access(rules=rules, rule_chars=1_024, connections=1, backfill_minutes=0)


def ours(x: RulesOfX) -> list[str]:
    return [rule["value"] for rule in x.book.rules if rule["tag"].startswith("vigie:")]


def loaded(at: RuleScene) -> Watchlist:
    return Watchlist.load(at.path)


# -- once ------------------------------------------------------------------------------------------------


async def test_what_is_missing_is_tried_then_added_then_looked_up(tmp_path: Path) -> None:
    async with rules_scene(tmp_path, watchlist_of(a="One", b="Two")) as at:
        outcome = await synchronise(at.api, loaded(at), PRO)
        assert at.x.calls == ["list", "try add 2", "add 2", "list"]
        assert at.x.book.rules[0] == FOREIGN
        assert [(rule["value"], rule["tag"]) for rule in at.x.book.rules[1:]] == [
            ("#One", "vigie:a"),
            ("#Two", "vigie:b"),
        ]
        assert (outcome.ours, outcome.added, outcome.deleted, outcome.is_synced) == (2, 2, 0, True)


async def test_when_nothing_differs_x_is_asked_once_and_nothing_is_changed(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        await synchronise(at.api, loaded(at), PRO)
        del at.x.calls[:]
        assert (await synchronise(at.api, loaded(at), PRO)).is_synced
        assert at.x.calls == ["list"]


async def test_what_is_new_is_added_before_what_is_old_is_taken_away(tmp_path: Path) -> None:
    async with rules_scene(tmp_path, watchlist_of(a="One", b="Two")) as at:
        await synchronise(at.api, loaded(at), PRO)
        del at.x.calls[:]
        at.write(watchlist_of(a="Other", b="Two"))
        outcome = await synchronise(at.api, loaded(at), PRO)
        assert at.x.calls == ["list", "try add 1", "add 1", "try delete 1", "delete 1", "list"]
        assert at.x.values == ["cats", "#Two", "#Other"]
        assert (outcome.added, outcome.deleted, outcome.is_synced) == (1, 1, True)


async def test_at_the_number_that_is_allowed_room_is_made_first(tmp_path: Path) -> None:
    async with rules_scene(tmp_path, watchlist_of(a="One", b="Two"), most=4) as at:
        await synchronise(at.api, loaded(at), access(4))
        del at.x.calls[:]
        at.write(watchlist_of(a="Other", b="Another", c="Third"))
        assert (await synchronise(at.api, loaded(at), access(4))).is_synced
        changing = [call for call in at.x.calls if not call.startswith(("try", "list"))]
        assert changing == ["add 1", "delete 2", "add 2"]
        assert sorted(ours(at.x)) == ["#Another", "#Other", "#Third"]


async def test_many_rules_go_in_batches_and_come_in_pages(tmp_path: Path) -> None:
    async with rules_scene(tmp_path, watchlist_of(**{f"b{at}": f"Tag{at}" for at in range(450)})) as at:
        at.x.page = 100
        assert (await synchronise(at.api, loaded(at), PRO)).ours == 450
        assert [call for call in at.x.calls if call.startswith("add")] == ["add 200", "add 200", "add 50"]
        assert at.x.calls.count("list") == 1 + 5
        assert len(at.x.values) == 451


async def test_rules_of_others_are_counted_and_never_touched(tmp_path: Path) -> None:
    async with rules_scene(tmp_path, watchlist_of(a="One", b="Two"), most=2) as at:
        at.x.book.rules.append({"id": "8", "value": "dogs"})
        with pytest.raises(RulesDoNotFit, match="of which others have 2"):
            await synchronise(at.api, loaded(at), access(2))
        assert at.x.values == ["cats", "dogs"]


async def test_once_a_rule_is_refused_the_others_are_added_and_nothing_is_taken_away(tmp_path: Path) -> None:
    async with rules_scene(tmp_path, watchlist_of(a="One")) as at:
        await synchronise(at.api, loaded(at), PRO)
        at.write(watchlist_of(b="Two", c="x" * 90))
        at.x.book._longest = 50
        outcome = await synchronise(at.api, loaded(at), PRO)
        assert ours(at.x) == ["#One", "#Two"]
        assert [each.value for each in outcome.refused] == ["#" + "x" * 90]
        assert "no more than 50 characters" in outcome.refused[0].words
        assert (outcome.missing, outcome.left_over, outcome.is_synced) == (1, 1, False)


async def test_a_rule_that_x_takes_for_one_it_has_is_there_and_stays(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        twin = {"id": "9", "value": "(#AcmeFail)", "tag": "vigie:acme"}
        at.x.book.rules.append(twin)
        error = {"value": "#AcmeFail", "id": "9", "title": "DuplicateRule", "type": "x/duplicate-rules"}
        at.x.answer = lambda asked: (201, {"meta": {}, "errors": [error]}) if "add" in asked else None
        outcome = await synchronise(at.api, loaded(at), PRO)
        assert outcome.is_synced
        assert twin in at.x.book.rules


async def test_what_x_says_it_did_is_not_believed(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.answer = lambda asked: (201, {"meta": {"summary": {"created": 1}}}) if "add" in asked else None
        outcome = await synchronise(at.api, loaded(at), PRO)
        assert (outcome.missing, outcome.is_synced) == (1, False)


async def test_a_rule_that_has_gone_meanwhile_is_as_it_should_be(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.book.rules.append({"id": "9", "value": "#Old", "tag": "vigie:old"})

        def gone(asked: str) -> None:
            if asked == "delete 1":
                at.x.book.rules = [rule for rule in at.x.book.rules if rule["id"] != "9"]

        at.x.answer = gone
        assert (await synchronise(at.api, loaded(at), PRO)).is_synced


# -- what X may answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "failure", "is_refusal", "words"),
    [
        (401, {"title": "Unauthorized", "detail": "Who?"}, Failure.HTTP, True, "X answers 401 (Unauthorized): "),
        (403, {"title": "Client Forbidden"}, Failure.HTTP, True, "Client Forbidden"),
        (422, {"title": "RulesCapExceeded", "detail": "5 of 5"}, Failure.HTTP, True, "RulesCapExceeded: 5 of 5"),
        (503, b"<html>", Failure.HTTP, False, "X answers 503 (Service Unavailable): no reason given"),
        (429, {"title": "Too Many Requests"}, Failure.RATE_LIMIT, False, "Too Many Requests"),
        (302, b"", Failure.HTTP, False, "no answer of its API"),
        (200, b"[1, 2]", Failure.HTTP, False, "no answer of its API"),
        (200, b"\xff", Failure.HTTP, False, "no answer of its API"),
    ],
)
async def test_an_answer_that_is_none_says_what_to_make_of_it(
    tmp_path: Path, status: int, body: object, failure: Failure, is_refusal: bool, words: str
) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.answer = lambda _: (status, body)
        for asking in (at.api.standing(), at.api.add([Rule("a", "vigie:a")])):
            with pytest.raises(NotDone) as caught:
                await asking
            assert words in str(caught.value)
            assert caught.value.failure is failure
            assert caught.value.is_refusal is is_refusal


async def test_too_many_requests_say_when_they_are_taken_again(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.answer = lambda _: (429, {"title": "Too Many Requests"})
        at.x.headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(NOW_MS // 1000 + 40)}
        with pytest.raises(NotDone) as caught:
            await at.api.standing()
        assert caught.value.reset_s == pytest.approx(40, abs=1)


async def test_an_x_that_is_not_there_is_told_without_a_stack(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.api._url = "http://127.0.0.1:1/2/rules"
        with pytest.raises(NotDone, match="cannot be reached") as caught:
            await at.api.standing()
        assert caught.value.failure is Failure.NETWORK
        assert not caught.value.is_refusal


@pytest.mark.parametrize(
    "body",
    [
        {"data": "no list"},
        {"data": [3, {"id": 5, "value": "a"}, {"id": "6"}, {"value": "c"}], "meta": 7},
        {"data": None, "errors": {"title": 4}},
    ],
)
async def test_odd_rules_are_no_rules(tmp_path: Path, body: object) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.answer = lambda _: (200, body)
        assert await at.api.standing() == []


async def test_pages_without_end_are_given_up(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.answer = lambda _: (200, {"data": [], "meta": {"next_token": "again"}})
        with pytest.raises(NotDone, match="pages of rules"):
            await at.api.standing()


async def test_the_token_is_read_for_every_request(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        await at.api.standing()
        at.shared.token.path.write_text("token-2")
        await at.api.standing()
        assert at.x.tokens == ["Bearer token-1", "Bearer token-2"]
        at.shared.token.path.unlink()
        with pytest.raises(NotDone, match="x_token_file"):
            await at.api.standing()


# -- for good --------------------------------------------------------------------------------------------


async def test_the_stream_waits_until_the_rules_are_in_force(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        assert not at.shared.ready.is_set()
        at.keep(PRO)
        await at.until(at.shared.ready.is_set)
        assert at.x.values == ["cats", "#AcmeFail"]
        assert at.metrics() == {"rules": 1, "rules_synced": 1}


async def test_a_watchlist_that_changes_changes_the_rules(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.keep(PRO)
        await at.until(at.shared.ready.is_set)
        at.write(watchlist_of(acme="AcmeFail", b="Two"))
        await at.until(lambda: at.outlet.value("rules") == 2)
        assert at.x.values == ["cats", "#AcmeFail", "#Two"]


async def test_a_wrong_new_watchlist_changes_nothing_but_a_metric_and_a_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rules_scene(tmp_path) as at:
        at.keep(PRO, check_s=20)
        await at.until(at.shared.ready.is_set)
        at.write("version = 1\n[brands.acme]\nhashtag = 3")
        await at.until(lambda: at.outlet.value("rules_synced") == 0)
        count = at.x.calls.count("list")
        await at.until(lambda: at.x.calls.count("list") > count + 1)
        assert at.x.values == ["cats", "#AcmeFail"]
        assert at.metrics() == {"rules": 1, "rules_synced": 0}
        assert "rules stay as they are" in caplog.text
        assert "did you mean hashtags?" in caplog.text
        at.write(watchlist_of(acme="AcmeFail"))
        await at.until(lambda: at.outlet.value("rules_synced") == 1)


async def test_a_watchlist_that_has_grown_too_large_leaves_the_rules_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rules_scene(tmp_path) as at:
        at.keep(access(2))
        await at.until(at.shared.ready.is_set)
        at.write("version = 1\n[brands.acme]\naliases = [" + ", ".join(f'"{"x" * 90} {n}"' for n in range(20)) + "]")
        await at.until(lambda: at.outlet.value("rules_synced") == 0)
        await at.until(lambda: "those in force stay" in caplog.text)
        assert at.x.values == ["cats", "#AcmeFail"]


async def test_rules_that_somebody_takes_away_come_back(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.keep(PRO)
        await at.until(at.shared.ready.is_set)
        del at.x.book.rules[1]
        await at.until(lambda: at.x.values == ["cats", "#AcmeFail"])
        assert sum(at.waits) >= 900


async def test_a_failure_is_tried_again_and_waited_out_by_its_kind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.answer = lambda _: (503, b"") if len(at.x.calls) < 4 else None
        at.keep(PRO, look_s=1_000)
        await at.until(at.shared.ready.is_set)
        await at.until(lambda: len(at.waits) > 3)
        assert at.waits[:4] == [5.0, 10.0, 20.0, 900.0]
        assert "rules at X: X answers 503" in caplog.text
        assert at.metrics() == {"rules": 1, "rules_synced": 1}


async def test_a_look_that_fails_says_nothing_of_the_rules(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rules_scene(tmp_path) as at:
        at.keep(PRO, check_s=20)
        await at.until(at.shared.ready.is_set)
        at.x.answer = lambda _: (503, b"")
        await at.until(lambda: "503" in caplog.text)
        assert at.metrics() == {"rules": 1, "rules_synced": 1}


@pytest.mark.parametrize(
    ("status", "hint"),
    [(401, "VIGIE_X_TOKEN_FILE"), (403, "VIGIE_X_ACCESS"), (404, "VIGIE_X_API"), (400, "--plan")],
)
async def test_what_will_not_get_better_ends_the_first_start_with_what_to_change(
    tmp_path: Path, status: int, hint: str
) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.answer = lambda _: (status, {"title": "No"})
        with pytest.raises(SourceRefused, match=hint):
            await at.keep(PRO)


async def test_a_rule_that_x_refuses_ends_the_first_start(tmp_path: Path) -> None:
    async with rules_scene(tmp_path) as at:
        at.x.book._longest = 5
        with pytest.raises(SourceRefused, match=r"does not take 1 of the rules: .*#AcmeFail"):
            await at.keep(PRO)


async def test_what_x_refuses_later_is_told_and_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with rules_scene(tmp_path) as at:
        at.keep(PRO)
        await at.until(at.shared.ready.is_set)
        at.x.answer = lambda _: (401, {"title": "Unauthorized"})
        at.write(watchlist_of(acme="AcmeFail", b="Two"))
        await at.until(lambda: at.outlet.value("rules_synced") == 0 and "401" in caplog.text)
        at.x.answer = lambda _: None
        await at.until(lambda: at.outlet.value("rules_synced") == 1)
        assert at.x.values == ["cats", "#AcmeFail", "#Two"]


@pytest.mark.parametrize("text", ["version = 2", watchlist_of(acme="AcmeFail")])
def test_a_watchlist_that_cannot_be_used_is_refused_before_x_is_asked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "watchlist.toml"
    path.write_text(text)
    with pytest.raises(SourceRefused, match="VIGIE_WATCHLIST"):
        RuleSync(path, ACCESS["basic"])
