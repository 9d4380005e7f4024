"""``vigie compliance verify`` on a broker whose topics hold a post in every way that there is."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agents.cli.main import main
from agents.processes import role_environment
from agents.settings import Settings, load_settings
from agents.topics import BRAND_STATE, NOTIFY_STATE, changelog, create_topics
from pipeline.authorhash import AuthorHasher
from pipeline.notify.outbox import Outbox
from pipeline.notify.stored import dump_outbox
from pipeline.settings import EngineSettings
from pipeline.tracker import Tracker
from schemas.codec import encode
from schemas.mention import Erasure
from tests.brokers.base import Broker
from tests.brokers.client import Record, produce
from tests.ingest import jetserver
from tests.live.vigie import now_ms
from tests.pipeline.logs import MINUTE_MS, START_MS, mention, watermark
from tests.schemas.events import ENCODED

ID = "1863912345678901234"
DID = jetserver.DID
US = 1_725_911_162_329_308
USER = "2244994945"
TEXT = "ma valise est à <Lisbonne>"
POST = {"data": {"id": ID, "author_id": USER, "text": "ma valise est à &lt;Lisbonne&gt;"}}
NOTICE = {"data": {"delete": {"tweet": {"id": ID, "author_id": USER}, "event_at": "2026-03-02T12:00:00Z"}}}

pytestmark = pytest.mark.embedded


@pytest.fixture
def settings(broker: Broker, topic_prefix: str) -> Settings:
    settings = load_settings(
        brokers=broker.bootstrap, topic_prefix=topic_prefix, idempotent_producer=False, keep_text=True
    )
    asyncio.run(create_topics(settings, raw_partitions=1, partitions=1, replication=1))
    return settings


@pytest.fixture
def plant(settings: Settings) -> Callable[..., None]:
    def write(topic: str, *values: bytes | Record) -> None:
        asyncio.run(produce(settings.brokers, topic, list(values)))

    return write


@pytest.fixture
def verify(settings: Settings) -> Callable[..., Result]:
    def run(*arguments: str | Path) -> Result:
        words = ["compliance", "verify", *map(str, arguments)]
        return CliRunner().invoke(main, words, env=role_environment(settings), catch_exceptions=False)

    return run


def author() -> int:
    return AuthorHasher(EngineSettings().author_key).of("x", USER, now_ms())


def event(name: str, **changes: Any) -> bytes:
    return encode(json.loads(ENCODED[name]) | changes)


def evidence(**changes: Any) -> dict[str, Any]:
    crisis: dict[str, Any] = json.loads(ENCODED["crisis-event"])
    return {"evidence": crisis["evidence"] | changes}


def state() -> bytes:
    tracker = Tracker(EngineSettings(), 0)
    asked = mention(tweet_id=ID, author=author(), question=True, matched=("@acme",))
    return tracker.step([asked, watermark(START_MS + 5 * MINUTE_MS, offset=9)]).states["acme"]


def found(result: Result) -> list[tuple[str, str, str, bool]]:
    return [(each["topic"], each["kind"], each["what"], each["allowed"]) for each in json.loads(result.stdout)["found"]]


CONCERN = {"phrase": "bag", "count": 1, "share": 0.1, "usual_share": 0.1, "exemplars": [ID]}
GROUP = {"about": "bag", "waiting": 1, "oldest_at": "2026-03-02T12:00:00Z", "reach": 0, "exemplars": [ID]}
OWN = {"tweet_id": ID, "time": "2026-03-02T12:00:00Z", "reply": False}
NAMING: list[tuple[str, bytes, str]] = [
    ("crises", event("crisis-event", **evidence(exemplars=[{"tweet_id": ID, "engagement": 3}])), "exemplar"),
    ("crises", event("crisis-event", **evidence(concerns=[CONCERN])), "concern"),
    ("crises", event("crisis-event", authors={ID: 7}), "author"),
    ("crises", event("situation", exemplars=[{"tweet_id": ID, "engagement": 3}]), "exemplar"),
    ("crises", event("situation", concerns=[CONCERN]), "concern"),
    ("crises", event("situation", hashtags=[{"hashtag": "bag", "exemplars": [ID]}]), "concern"),
    ("crises", event("situation", questions={"groups": [GROUP]}), "question"),
    ("crises", event("situation", voice={"posts": [OWN]}), "own post"),
    ("windows", event("window-closed", note=f"see {ID}"), "elsewhere"),
    ("feedback", event("feedback", by=ID), "elsewhere"),
    ("mentions", encode(mention(tweet_id="1", text=f"see x.com/i/{ID}")), "text"),
    ("raw", encode(POST), "post"),
    ("raw", encode({"data": {"id": "2", "text": "look", "referenced_tweets": [{"id": ID, "type": "quoted"}]}}), "post"),
    ("deadletters", encode(POST)[:40], "post"),
    ("deadletters", encode({"message": encode(POST).decode()}), "post"),
]
ALLOWED: list[tuple[str, bytes, str]] = [
    ("mentions", encode(mention(tweet_id=ID)), "mention"),
    ("mentions", encode(mention(tweet_id="1", in_reply_to_id=ID)), "reference"),
    ("mentions", encode(mention(tweet_id="1", urls=(f"https://x.com/i/status/{ID}",))), "reference"),
    ("mentions", encode(Erasure(time_ms=5, tweet_ids=(ID,))), "notice"),
    ("compliance", encode(NOTICE), "notice"),
    ("compliance", encode({"delete": {"status": {"id_str": ID, "user_id_str": USER}, "timestamp_ms": "5"}}), "notice"),
    ("compliance", encode({"data": {"tweet_edit": {"edit_tweet_ids": [ID, "1863912345678909999"]}}}), "notice"),
    ("raw", encode(NOTICE), "notice"),
    ("deadletters", encode(NOTICE), "notice"),
]


@pytest.mark.parametrize(("planted", "allowed"), [(NAMING, False), (ALLOWED, True)], ids=["naming", "allowed"])
def test_a_post_is_found_as_what_it_is_there(
    settings: Settings,
    plant: Callable[..., None],
    verify: Callable[..., Result],
    planted: list[tuple[str, bytes, str]],
    *,
    allowed: bool,
) -> None:
    expected: dict[tuple[str, int], tuple[str, bool]] = {}
    offsets: Counter[str] = Counter()
    for topic, value, what in planted:
        name = getattr(settings.topics, topic)
        plant(name, value)
        expected[name, offsets[name]] = (what, allowed)
        offsets[name] += 1
    result = verify("--id", ID, "--json")
    seen = json.loads(result.stdout)["found"]
    assert {(each["topic"], each["offset"]): (each["what"], each["allowed"]) for each in seen} == expected
    assert len(seen) == len(expected)
    assert result.exit_code == (0 if allowed else 1)


def test_a_post_is_found_by_the_key_of_its_record_alone(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    plant(settings.topics.raw, Record(key=ID.encode(), value=b"\xff"))
    assert found(verify("--id", ID, "--json")) == [(settings.topics.raw, "id", "post", False)]


def test_tables_are_read_in_their_changelogs(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    track, notify = changelog(settings, "track", BRAND_STATE), changelog(settings, "notify", NOTIFY_STATE)
    untold = dump_outbox(Outbox()).replace(b'"steps":[]', encode({"payload": encode(POST).decode()})[1:-1])
    plant(track, Record(key=b"acme", value=state()))
    plant(notify, Record(key=b"acme", value=untold))
    assert {(topic, what) for topic, _, what, _ in found(verify("--id", ID, "--json"))} == {
        (track, "question"),
        (track, "exemplar"),
        (track, "concern"),
        (notify, "untold event"),
    }


def test_an_account_is_found_by_its_id_in_payloads_and_by_its_hash_in_what_is_made_of_them(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    topics, track = settings.topics, changelog(settings, "track", BRAND_STATE)
    plant(topics.raw, encode(POST))
    plant(topics.compliance, encode({"user_delete": {"id": int(USER), "timestamp_ms": "5"}}))
    plant(
        topics.mentions,
        encode(mention(author=author())),
        encode(mention(author=author() ^ 1)),
        encode(Erasure(time_ms=5, authors=(author(),))),
    )
    plant(topics.crises, event("crisis-event", authors={"1": author()}))
    plant(track, Record(key=b"acme", value=state()))
    assert sorted(found(verify("--user", USER, "--json"))) == sorted(
        [
            (topics.raw, "user", "post", False),
            (topics.compliance, "user", "notice", True),
            (topics.mentions, "user", "mention", True),
            (topics.mentions, "user", "notice", True),
            (topics.crises, "user", "author", False),
            (track, "user", "author", False),
        ]
    )


def test_a_post_and_an_account_of_bluesky_are_found_though_an_event_writes_neither_as_it_is(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    topics, uri = settings.topics, f"at://{DID}/app.bsky.feed.post/3l3qo2vuowo2b"
    wrapped = encode({"message": encode(jetserver.post(US, "3l3qo2vuowo2b", "late")).decode()})
    thread = {"parent": {"uri": uri}, "root": {"uri": uri}}
    answer = jetserver.post(US, "3l4", "why?", did="did:plc:other", reply=thread)
    plant(topics.raw, encode(jetserver.post(US, "3l3qo2vuowo2b", "late")), encode(answer))
    plant(topics.deadletters, wrapped)
    plant(topics.compliance, encode(jetserver.delete(US, "3l3qo2vuowo2b")), encode(jetserver.account(US)))
    plant(topics.mentions, encode(mention(tweet_id=uri, platform="bluesky")))
    plant(topics.crises, event("crisis-event", **evidence(exemplars=[{"tweet_id": uri, "engagement": 3}])))
    assert sorted(found(verify("--id", uri, "--json"))) == sorted(
        [
            (topics.raw, "id", "post", False),
            (topics.raw, "id", "post", False),
            (topics.deadletters, "id", "post", False),
            (topics.compliance, "id", "notice", True),
            (topics.mentions, "id", "mention", True),
            (topics.crises, "id", "exemplar", False),
        ]
    )
    of_account = found(verify("--user", DID, "--json"))
    assert {(topics.raw, "user", "post", False), (topics.compliance, "user", "notice", True)} <= set(of_account)
    assert (topics.crises, "user", "exemplar", False) in of_account, "the account's name is in the post's"


def test_the_hashes_of_an_account_are_those_of_its_platform(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    written = AuthorHasher(EngineSettings().author_key).of("bluesky", DID, now_ms())
    plant(settings.topics.crises, event("crisis-event", authors={"1": written}))
    assert found(verify("--user", DID, "--json")) == [(settings.topics.crises, "user", "author", False)]


def test_a_number_that_looks_like_an_account_is_none(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    post = {"data": {"id": "5", "text": "12 of 12", "public_metrics": {"like_count": 12}}}
    plant(settings.topics.raw, encode(post))
    plant(settings.topics.windows, event("window-closed"))
    result = verify("--user", "12", "--json")
    assert (found(result), result.exit_code) == ([], 0)


def test_a_text_is_found_in_records_that_could_be_read_and_in_those_that_could_not(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    topics = settings.topics
    plant(topics.raw, encode(POST))
    plant(topics.deadletters, json.dumps(POST).encode()[:-1], encode({"message": json.dumps(POST)}))
    plant(topics.mentions, encode(mention(text=f"{TEXT}, dit-il")))
    assert found(verify("--text", TEXT, "--json")) == [
        (topics.raw, "text", "post", False),
        (topics.mentions, "text", "text", False),
        (topics.deadletters, "text", "post", False),
        (topics.deadletters, "text", "post", False),
    ]


def test_one_or_two_words_are_a_phrase_and_allowed_where_phrases_are_counted(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    plant(settings.topics.crises, event("crisis-event", **evidence(concerns=[{**CONCERN, "phrase": "lost bag"}])))
    plant(settings.topics.mentions, encode(mention(phrases=("lost", "lost bag"), text="my lost bag is here")))
    assert found(verify("--text", "lost bag", "--json")) == [
        (settings.topics.mentions, "text", "phrase", True),
        (settings.topics.mentions, "text", "text", False),
        (settings.topics.crises, "text", "phrase", True),
    ]


def test_an_older_version_is_there_until_compaction_has_removed_it(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    naming = event("crisis-event", **evidence(exemplars=[{"tweet_id": ID, "engagement": 3}]))
    redacted = event("crisis-event", **evidence(exemplars=[]))
    plant(settings.topics.crises, Record(key=b"e1", value=naming), Record(key=b"e1", value=redacted))
    result = verify("--id", ID)
    assert result.exit_code == 1
    assert "NOT ALLOWED: older version, goes with compaction" in result.stdout
    plant(settings.topics.crises, Record(key=b"e2", value=naming))
    assert [line.endswith("NOT ALLOWED") for line in result_lines(verify("--id", ID))] == [False, True]


def test_what_is_kept_for_longer_than_its_topic_may_keep_it_is_not_allowed(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    plant(settings.topics.mentions, Record(value=encode(mention(tweet_id=ID)), timestamp_ms=now_ms() - 30 * 3_600_000))
    result = verify("--id", ID)
    assert result.exit_code == 1
    assert "NOT ALLOWED: was to be gone by " in result.stdout


def test_reports_are_looked_through(tmp_path: Path, verify: Callable[..., Result]) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "report.html").write_text(f"<p>\n<a href='/{ID}'>ma valise est<br>à &lt;Lisbonne&gt;</a>")
    (tmp_path / "crises.jsonl").write_text(f'{{}}\n{{"exemplars":["{ID}"],"text":"ma valise est \\u00e0 <Lisbonne>"}}')
    (tmp_path / "picture.png").write_bytes(ID.encode())
    result = verify("--id", ID, "--text", TEXT, "--reports", tmp_path)
    assert result.exit_code == 1
    assert [line.split("  ")[0] for line in result_lines(result)] == [
        f"{tmp_path}/crises.jsonl line 2",
        f"{tmp_path}/crises.jsonl line 2",
        f"{tmp_path}/sub/report.html line 2",
        f"{tmp_path}/sub/report.html line 2",
    ]


def test_of_an_account_with_a_short_id_reports_are_looked_through_for_its_hashes(
    tmp_path: Path, verify: Callable[..., Result]
) -> None:
    short = "783214"
    written = AuthorHasher(EngineSettings().author_key).of("x", short, now_ms())
    (tmp_path / "crises.jsonl").write_text(f'{{"questions":{short}}}\n{{"authors":{{"1":{written}}}}}')
    result = verify("--user", short, "--reports", tmp_path)
    assert [line.split("  ")[0] for line in result_lines(result)] == [f"{tmp_path}/crises.jsonl line 2"]


def test_nothing_of_a_tweet_is_printed_but_what_was_asked_for(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    plant(settings.topics.raw, encode({"data": {"id": ID, "author_id": USER, "text": "a secret of mine, and \x1b[2J"}}))
    plant(settings.topics.mentions, encode(mention(tweet_id=ID, text="a secret of mine, and \x1b[2J")))
    for arguments in (("--id", ID), ("--text", "of mine"), ("--id", ID, "--json"), ("--user", USER, "--json")):
        result = verify(*arguments)
        assert result.exit_code == 1
        assert "secret" not in result.output
        assert "\x1b" not in result.output


def test_the_same_question_has_the_same_answer(
    settings: Settings, plant: Callable[..., None], verify: Callable[..., Result]
) -> None:
    for topic in (settings.topics.raw, settings.topics.deadletters):
        plant(topic, *[encode(POST)] * 3)
    plant(settings.topics.mentions, *[encode(mention(tweet_id=ID, author=author()))] * 3)
    arguments = ("--text", TEXT, "--user", USER, "--id", ID, "--id", "1863912345678901235")
    first = verify(*arguments)
    places = [line.split("  ")[0] for line in result_lines(first)]
    assert verify(*arguments).output == first.output
    assert places == sorted(places, key=lambda place: order_of(settings, place))


def test_for_how_long_topics_are_kept_is_printed(settings: Settings, verify: Callable[..., Result]) -> None:
    result = verify()
    assert result.exit_code == 0
    kept = {line.split()[0]: line for line in result.stdout.splitlines() if line.startswith(settings.topic_prefix)}
    assert kept[settings.topics.raw].count("22 h, segments of 1 h") == 2
    assert kept[settings.topics.crises].count("365 d, segments of 1 h, compacted") == 2


def test_no_broker_is_said_in_plain_words(settings: Settings) -> None:
    result = CliRunner().invoke(main, ["compliance", "verify"], env={"VIGIE_BROKERS": "127.0.0.1:1"})
    assert result.exit_code == 69
    assert "no Kafka broker answered" in result.output


@pytest.mark.parametrize("option", ["--id", "--user", "--text"])
def test_nothing_is_not_looked_for(verify: Callable[..., Result], option: str) -> None:
    result = verify(option, " ")
    assert result.exit_code == 2
    assert "is empty" in result.output


def result_lines(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if "ALLOWED" in line or line.endswith("allowed")][:-1]


def order_of(settings: Settings, place: str) -> tuple[int, int]:
    topics: Iterable[str] = (settings.topics.raw, settings.topics.mentions, settings.topics.deadletters)
    topic, _, rest = place.partition("[")
    return list(topics).index(topic), int(rest.split()[-1])
