from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.cli import main
from agents.rawlog import published_file
from agents.saying import Outcome, Said, open_crises, the_open_one
from agents.settings import Settings
from pipeline.explain import CrisisNotFound
from pipeline.simulate import demo_watchlist
from schemas.codec import decode, encode_line
from schemas.crisis import CrisisEvent, CrisisEventType
from schemas.deadletter import HEADER_PREFIX
from schemas.feedback import DismissReason, Feedback, FeedbackHeld, FeedbackVerdict
from tests.pipeline.explain.logs import records, worst
from tests.schemas.events import CRISIS, EVENTS, FEEDBACK

CRISIS_ID = worst()[0][0].crisis_id
BRAND = worst()[0][0].brand


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def feedback(verdict: FeedbackVerdict, time: str, **changes: object) -> Feedback:
    base = Feedback(id=f"f-{verdict}", brand=BRAND, crisis_id=CRISIS_ID, verdict=verdict, time=time, by="press office")
    return replace(base, **changes)  # type: ignore[arg-type]


SAID = [
    feedback(FeedbackVerdict.CONFIRM, "2025-02-07T09:20:30Z"),
    feedback(FeedbackVerdict.SNOOZE, "2025-02-07T10:00:30Z", until="2025-02-07T11:30:00Z"),
    feedback(FeedbackVerdict.DISMISS, "2025-02-07T13:00:30Z", reason=DismissReason.OLD_NEWS),
    feedback(FeedbackVerdict.CONFIRM, "2025-02-07T14:00:30Z", id="too late"),
]


def test_a_replay_obeys_feedback_and_its_log_gives_the_same_replay(tmp_path: Path) -> None:
    tweets, brands = tmp_path / "tweets.jsonl", tmp_path / "watchlist.toml"
    tweets.write_bytes(b"".join(item.value + b"\n" for item in records()))
    brands.write_text(demo_watchlist(), encoding="utf-8")
    given = ["--watchlist", str(brands), "--no-html"]
    said = tmp_path / "feedback.jsonl"
    said.write_bytes(b"".join(map(encode_line, SAID)))
    first = run("replay", str(tweets), "--out", str(tmp_path / "first"), "--feedback", str(said), *given)
    assert first.exit_code == exits.OK, first.output

    log = run("feedback", "log", "--from", str(tmp_path / "first"), "--brand", BRAND)
    assert log.exit_code == exits.OK, log.output
    held = list(map(decode, log.output.splitlines()))
    assert [(each["id"], each["time"]) for each in held] == [
        ("f-confirm", "2025-02-07T09:20:59.999Z"),
        ("f-snooze", "2025-02-07T10:00:59.999Z"),
        ("f-dismiss", "2025-02-07T13:00:59.999Z"),
    ]
    said.write_text(log.output)
    second = run("replay", str(tweets), "--out", str(tmp_path / "second"), "--feedback", str(said), *given)
    assert second.exit_code == exits.OK, second.output
    for name in ("crises.jsonl", "windows.jsonl"):
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()

    crises = str(tmp_path / "first" / "crises.jsonl")
    explained = run("explain", CRISIS_ID, "--input", str(tweets), "--watchlist", str(brands), "--crises", crises)
    assert explained.exit_code == exits.OK, explained.output
    assert "a known matter that came up again" in " ".join(explained.output.split())


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b"{}\n", "line 2"),
        (b"\xff\n", "line 2"),
        (encode_line(replace(SAID[2], reason=None)), "line 2: no feedback: reason"),
    ],
)
def test_a_file_that_is_not_of_feedback_is_named_with_its_line(tmp_path: Path, line: bytes, named: str) -> None:
    said = tmp_path / "feedback.jsonl"
    said.write_bytes(encode_line(SAID[0]) + line)
    (tmp_path / "watchlist.toml").write_text(demo_watchlist(), encoding="utf-8")
    out = ["--out", str(tmp_path), "--watchlist", str(tmp_path / "watchlist.toml")]
    result = run("replay", str(said), "--feedback", str(said), *out)

    assert result.exit_code == exits.BAD_INPUT
    assert named in result.output


def published(folder: Path, *events: object) -> dict[str, list[CrisisEvent]]:
    path = folder / "crises.jsonl"
    path.write_bytes(b"".join(map(encode_line, events)))
    return open_crises(published_file(path))


OTHER = replace(CRISIS, crisis_id="7" * 36, brand="globex")
OVER = replace(OTHER, sequence=1, type=CrisisEventType.RESOLVED)


def test_a_crisis_is_found_by_its_brand_or_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    found = published(tmp_path, CRISIS, EVENTS["situation"], OTHER)
    for wanted in (CRISIS.brand, CRISIS.crisis_id, CRISIS.crisis_id[:8].upper()):
        assert the_open_one(wanted, found) == CRISIS


def test_a_crisis_that_is_over_is_not_found_and_those_that_are_open_are_named(tmp_path: Path) -> None:
    found = published(tmp_path, CRISIS, OTHER, OVER)
    with pytest.raises(CrisisNotFound, match=f"(?s)globex.*{CRISIS.crisis_id}  acme"):
        the_open_one("globex", found)
    with pytest.raises(CrisisNotFound, match="no crisis is open"):
        the_open_one("acme", published(tmp_path, OTHER, OVER))


def record(topic: str, value: bytes, /, **headers: str) -> SimpleNamespace:
    named = [(f"{HEADER_PREFIX}{name.replace('_', '.')}", text.encode()) for name, text in headers.items()]
    return SimpleNamespace(topic=topic, value=value, headers=named)


async def outcome_of(*records: SimpleNamespace) -> Outcome:
    """What comes of feedback on the example's crisis, written to partition 1 at offset 7."""

    async def consumer() -> AsyncIterator[SimpleNamespace]:
        for each in records:
            yield each

    settings = Settings(brokers="127.0.0.1:1")
    return await Said(settings, cast("Any", consumer()), FEEDBACK, (1, 7)).outcome()


HELD = FeedbackHeld(id=FEEDBACK.id, verdict=FeedbackVerdict.DISMISS, held_from="2026-03-02T12:01:00Z")
ENDED = replace(CRISIS, sequence=1, type=CrisisEventType.RESOLVED)


async def test_what_comes_of_feedback_is_the_event_that_names_it() -> None:
    obeyed = replace(ENDED, feedback=HELD)
    before = [replace(CRISIS, feedback=replace(HELD, id="another")), OTHER, EVENTS["situation"], obeyed]
    outcome = await outcome_of(*(record("vigie.crises", encode_line(each)) for each in before))
    assert outcome == Outcome(event=obeyed)


async def test_a_crisis_that_ended_before_is_told_from_one_that_feedback_ended() -> None:
    assert await outcome_of(record("vigie.crises", b"{}"), record("vigie.crises", encode_line(ENDED))) == Outcome(
        ended=ENDED
    )


async def test_a_refusal_is_the_letter_of_the_same_place() -> None:
    place = {"topic": "vigie.feedback", "partition": "1", "offset": "7"}
    others = [{**place, "offset": "8"}, {**place, "topic": "vigie.mentions"}]
    letters = [record("vigie.deadletters", b"", **each, exception_message="other") for each in others]
    ours = record("vigie.deadletters", b"", **place, exception_message="no such crisis")
    assert await outcome_of(*letters, ours) == Outcome(refused="no such crisis")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["snooze", "acme"], "--for or --until"),
        (["snooze", "acme", "--for", "4h", "--until", "2026-03-02T10:00:00Z"], "--for or --until"),
        (["snooze", "acme", "--for", "4 hours"], "such as 4h"),
        (["dismiss", "acme"], "--reason"),
        (["dismiss", "acme", "--reason", "boring"], "misread"),
        (["confirm", "acme", "--at", "noon"], "expected a time"),
    ],
)
def test_wrong_usage_says_what_is_expected(arguments: list[str], named: str) -> None:
    result = run("feedback", *arguments)
    assert result.exit_code == 2
    assert named in result.output
