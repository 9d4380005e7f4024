"""``vigie dlq`` on real topics: records that fail, are looked at, redriven once the cause is mended, and purged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.cli.main import main
from agents.letters.redrive import _Run
from agents.processes import role_environment
from agents.reading import read_topic
from pipeline.simulate import demo_watchlist
from schemas.codec import decode, encode
from schemas.deadletter import HEADER_PREFIX, MARK_HEADER, REDRIVEN_HEADER, REDRIVEN_ORIGIN_HEADER
from schemas.times import to_rfc3339
from tests.brokers.base import Broker
from tests.brokers.client import Record, produce
from tests.live.vigie import Vigie, now_ms, until

NOT_JSON = Record(value=b"\xff\x1b[2J no JSON \xed\xa0\x80", headers=(("trace", b"\xff\x00"), ("empty", b"")))
TOMBSTONE = Record(value=None, key=b"gone")
LOW = 2048


def tweet(number: int, *, padding: int = 0) -> Record:
    data = {
        "id": str(1_500_000_000_000_000_000 + number),
        "text": "Nimbus Mobile is down again, what a shame",
        "created_at": to_rfc3339(now_ms()),
        "author_id": "7",
        "source": "x" * padding,
    }
    # A lone surrogate, as JSON may hold one.
    value = encode({"data": data}).replace(b'"source":"', b'"source":"\\ud83d')
    return Record(value=value, key=data["id"].encode(), headers=(("trace", b"\x00\xfe"),))


class Trial(Vigie):
    """Topics of one partition, and ``vigie dlq`` on them."""

    def dlq(self, *arguments: str, exit_code: int = exits.OK, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(main, ["dlq", *arguments], env=role_environment(self.settings), input=stdin)
        assert result.exit_code == exit_code, (result.output, result.exception)
        return result

    def listed(self, *arguments: str) -> Any:
        return decode(self.dlq("list", "--json", *arguments).output)

    def feed(self, *records: Record) -> list[Record]:
        return asyncio.run(produce(self.settings.brokers, self.settings.topics.raw, records))

    def read(self, topic: str) -> list[Any]:
        async def everything() -> list[Any]:
            return [record async for record in read_topic(self.settings, topic, from_beginning=True, follow=False)]

        return asyncio.run(everything())

    def letters(self) -> int:
        return sum(MARK_HEADER not in dict(found.headers) for found in self.read(self.settings.topics.deadletters))

    def mentions(self) -> list[str]:
        """Tweet IDs of all mentions, in order."""
        found = [decode(each.value or b"") for each in self.read(self.settings.topics.mentions)]
        return [each["tweet_id"] for each in found if each["type"] == "mention"]

    def soon(self, condition: Callable[[], object], what: str) -> None:
        until(condition, what=what, trial=self)


@pytest.fixture
def trial(broker: Broker, topic_prefix: str, tmp_path: Path) -> Trial:
    found = Trial(broker, tmp_path, topic_prefix, demo_watchlist(), idle_timeout_s=3600.0)
    found.create_topics(raw_partitions=1, partitions=1)
    return found


@pytest.mark.embedded
def test_a_record_that_failed_is_redriven_once_the_cause_is_mended_and_counts_once(trial: Trial) -> None:
    large, small = tweet(1, padding=2 * LOW), tweet(2)
    with trial.worker("low", max_record_bytes=LOW):
        trial.feed(large, NOT_JSON, TOMBSTONE, small)
        trial.soon(lambda: trial.letters() == 3 and trial.mentions(), "three letters and a mention")

    found = trial.listed()
    assert {(each["reason"], each["letters"], each["redriven"]) for each in found["groups"]} == {
        ("too_large", 1, 0),
        ("not_json", 1, 0),
        ("empty", 1, 0),
    }
    places = {each["reason"]: each["offset"] for each in found["newest"]}
    said = trial.dlq("list").output
    assert "3 letters, 0 of them redriven" in said
    assert f"{trial.settings.topics.raw}[0]@0 enrich: too_large" in said
    shown = trial.dlq("show", str(places["not_json"])).output
    assert "trace = \\xff" in shown
    assert "\x1b" not in shown
    raw = trial.dlq("show", str(places["not_json"]), "--raw").stdout_bytes
    assert raw == NOT_JSON.value
    assert "bytes more; --raw" in trial.dlq("show", str(places["too_large"])).output
    assert "none (a tombstone)" in trial.dlq("show", str(places["empty"])).output
    assert "holds offsets 0 to 2" in trial.dlq("show", "99", exit_code=exits.BAD_INPUT).output

    refused = trial.dlq("redrive", "--reason", "too_large", exit_code=exits.USAGE).output
    assert f"1 letters to redrive to {trial.settings.topics.raw}" in refused
    assert "Give --yes" in refused
    assert trial.dlq("redrive", "--dry-run").output.startswith("3 letters to redrive")
    assert len(trial.read(trial.settings.topics.raw)) == 4

    with trial.worker("high"):
        assert "1 records written once more" in trial.dlq("redrive", "--reason", "too_large", "--yes").output
        trial.dlq("redrive", "--reason", "not_json", "--reason", "empty", "--yes")
        trial.soon(lambda: trial.letters() == 5, "what is no JSON failed again")
        left_out = trial.dlq("redrive", "--offsets", "0-2", "--yes").output
        assert left_out.startswith("3 letters were redriven before and are left out")
        assert len(trial.read(trial.settings.topics.raw)) == 7
        trial.dlq("redrive", "--reason", "too_large", "--again", "--yes")
        trial.feed(tweet(3))
        trial.soon(
            lambda: len(trial.mentions()) >= 3, f"mentions of three tweets, not {trial.mentions()} {trial.listed()}"
        )
    assert trial.mentions() == [str(each.key, "ascii") for each in (small, large, tweet(3)) if each.key]

    records = trial.read(trial.settings.topics.raw)
    for at, came, letter in ((4, large, b"0:0"), (5, NOT_JSON, b"0:1"), (6, TOMBSTONE, b"0:2")):
        assert (records[at].key, records[at].value) == (came.key, came.value)
        assert records[at].headers == (*came.headers, (REDRIVEN_HEADER, letter), (REDRIVEN_ORIGIN_HEADER, letter))
    after = trial.listed()
    assert (after["letters"], after["redriven"]) == (5, 3)
    newest = after["newest"][0]
    assert newest["origin"] == "0:6"
    names = [each["name"] for each in decode(trial.dlq("show", str(newest["offset"]), "--json").output)["headers"]]
    assert names.count(HEADER_PREFIX + "reason") == 1
    assert REDRIVEN_HEADER in names
    tailed = CliRunner().invoke(
        main, ["tail", "deadletters", "--from-beginning", "--no-follow"], env=role_environment(trial.settings)
    )
    assert len(tailed.output.splitlines()) == 5


@pytest.mark.embedded
def test_letters_of_one_record_write_it_once(trial: Trial) -> None:
    bad = {"id": "1", "text": 5}
    response = Record(value=encode({"data": [bad, {**bad, "id": "2"}]}), key=b"response")
    with trial.worker():
        trial.feed(response)
        trial.soon(lambda: trial.letters() == 2, "a letter for each of two posts")
    assert "1 records written once more, 2 letters marked" in trial.dlq("redrive", "--yes").output
    assert [each.value for each in trial.read(trial.settings.topics.raw)] == [response.value] * 2


@pytest.mark.embedded
def test_what_was_written_and_not_marked_is_redriven_again(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    with trial.worker():
        trial.feed(NOT_JSON)
        trial.soon(lambda: trial.letters() == 1, "a letter")

    async def power_cut(self: _Run, places: object) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr(_Run, "_mark", power_cut)
        trial.dlq("redrive", "--yes", exit_code=9)
    assert trial.listed()["redriven"] == 0
    trial.dlq("redrive", "--yes")
    assert [each.value for each in trial.read(trial.settings.topics.raw)] == [NOT_JSON.value] * 3
    assert trial.listed()["redriven"] == 1


def letters_of_mentions(trial: Trial) -> None:
    topics = trial.settings.topics
    headers = {"topic": topics.mentions, "partition": "0", "offset": "5", "stage": "track", "reason": "bad_field"}
    written = tuple((HEADER_PREFIX + name, value.encode()) for name, value in headers.items())
    asyncio.run(produce(trial.settings.brokers, topics.deadletters, [Record(value=b"{}", headers=written)]))


@pytest.mark.embedded
def test_a_letter_of_track_is_refused_with_the_page_that_helps(trial: Trial) -> None:
    letters_of_mentions(trial)
    said = trial.dlq("redrive", "--yes", exit_code=exits.FAILED).output
    assert "1 letters cannot be redriven" in said
    assert "replay-after-bad-configuration.md" in said
    assert not trial.read(trial.settings.topics.mentions)


@pytest.mark.embedded
def test_a_wrong_place_or_a_missing_topic_is_told(trial: Trial) -> None:
    assert "holds nothing" in trial.dlq("show", "0", exit_code=exits.BAD_INPUT).output
    assert "has 1 partitions" in trial.dlq("show", "0", "--partition", "5", exit_code=exits.CONFIG).output
    assert "no letter matches" in trial.dlq("redrive", "--yes").output
    assert "nothing to delete" in trial.dlq("purge", "--before", "10", "--yes").output
    trial.dlq("purge", exit_code=exits.USAGE)
    trial.settings = trial.settings.model_copy(update={"topic_prefix": "nobody."})
    assert "vigie topics create" in trial.dlq("list", exit_code=exits.CONFIG).output


@pytest.mark.kafka
def test_purging_deletes_the_oldest_letters_and_no_more(trial: Trial) -> None:
    for _ in range(3):
        letters_of_mentions(trial)
    refused = trial.dlq("purge", "--before", "2", exit_code=exits.USAGE).output
    assert "2 of these letters were never redriven" in refused
    assert "begins at offset 2 now" in trial.dlq("purge", "--before", "2", "--yes").output
    assert trial.listed()["newest"][0]["offset"] == 2
    assert trial.listed()["letters"] == 1
    assert "nothing to delete" in trial.dlq("purge", "--older-than", "1h", "--yes").output
    time.sleep(1.1)  # the smallest age is a second
    letters_of_mentions(trial)
    trial.dlq("purge", "--older-than", "1s", "--yes")
    assert [each["offset"] for each in trial.listed()["newest"]] == [3]


@pytest.mark.embedded
def test_the_embedded_broker_says_that_it_cannot_purge(trial: Trial) -> None:
    letters_of_mentions(trial)
    said = trial.dlq("purge", "--before", "1", "--yes", exit_code=exits.CONFIG).output
    assert "the embedded broker cannot" in said
    assert trial.listed()["letters"] == 1
