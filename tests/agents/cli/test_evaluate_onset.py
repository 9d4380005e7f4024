import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agents import exits
from agents.cli import main
from pipeline.evaluation import baselines
from pipeline.simulate.chance import Chance
from schemas.codec import decode, encode_line, encode_pretty
from schemas.times import from_rfc3339, to_rfc3339

SHARED = Path(__file__).parents[4] / "shared" / "data" / "airline"
AIRLINES = Path(__file__).parents[3] / "deploy" / "examples" / "airlines.toml"

WATCHLIST = """
version = 1
[brands.acme]
name = "Acme"
handles = ["acme"]
[brands.other]
name = "Other"
handles = ["otherco"]
"""
START_MS = from_rfc3339("2026-03-02T00:00:00Z")
MINUTE_MS = 60_000
DAY = 24 * 60
CRISIS = 3 * DAY + 12 * 60
MEME = 2 * DAY + 12 * 60
CALM = ("the store of @acme opens at nine", "ordered a desk at @acme", "@acme has desks too", "walked past @acme today")
ANGRY = (
    "@acme this is the worst service ever, i hate it",
    "@acme terrible, awful, still broken",
    "so angry with @acme, a disgrace",
)


def tweets() -> Iterator[tuple[int, str]]:
    """Four calm days of one mention a minute; a cheerful crowd in the third, an angry one in the fourth."""
    chance = Chance(3, "talk")
    for minute in range(4 * DAY):
        for _ in range(chance.poisson(1.0)):
            yield minute, chance.pick(ANGRY if chance.happens(0.1) else CALM) + f" {chance.below(10**9)}"
        if MEME <= minute < MEME + 60:
            for _ in range(8):
                yield minute, f"love this so much @acme, made my day {chance.below(10**9)}"
        if CRISIS <= minute < CRISIS + 120:
            for _ in range(8):
                yield minute, chance.pick(ANGRY) + f" {chance.below(10**9)}"


EVENTS: list[dict[str, Any]] = [
    {
        "id": "broken",
        "handle": "@acme",
        "kind": "crisis",
        "start_utc": to_rfc3339(START_MS + CRISIS * MINUTE_MS),
        "end_utc": to_rfc3339(START_MS + (CRISIS + 120) * MINUTE_MS),
    },
    {
        "id": "meme",
        "brand": "acme",
        "kind": "NEGATIVE CONTROL (a meme)",
        "start_utc": to_rfc3339(START_MS + MEME * MINUTE_MS),
        "end_utc": to_rfc3339(START_MS + (MEME + 60) * MINUTE_MS),
    },
    {"id": "unheard", "brand": "other", "kind": "minor", "start_utc": None},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("onset")
    (folder / "watchlist.toml").write_text(WATCHLIST)
    (folder / "events.json").write_bytes(encode_pretty(EVENTS))
    rows = ["n,when,said,who"]
    for number, (minute, text) in enumerate(tweets()):
        rows.append(f'{number + 1},{to_rfc3339(START_MS + minute * MINUTE_MS)},"{text}",u{number}')
    (folder / "talk.csv").write_text("\n".join(rows) + "\n")
    return folder


def run(folder: Path, *more: str, source: str = "talk.csv", events: str = "events.json") -> Result:
    arguments = [str(folder / source), "--events", str(folder / events), "--watchlist", str(folder / "watchlist.toml")]
    columns = ["id=n", "created_at=when", "text=said", "author_handle=who"]
    options = [part for column in columns for part in ("--column", column)]
    return CliRunner().invoke(main, ["eval", "onset", *arguments, *(more or options)])


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    result = run(folder)
    assert (result.exit_code, result.stderr) == (exits.OK, "")
    figures: dict[str, Any] = decode(result.stdout)
    return figures


def test_a_planted_crisis_is_detected_and_its_delay_told(found: dict[str, Any]) -> None:
    broken, meme, unheard = found["vigie"]["events"]
    assert (broken["id"], broken["brand"], broken["detected"]) == ("broken", "acme", True)
    assert 0 <= broken["watch"]["delay_minutes"] <= broken["alert"]["delay_minutes"] <= 60
    assert broken["highest_level"] >= 2
    assert (meme["kind"], meme["detected"]) == ("negative control", None)
    assert meme["highest_level"] <= 1
    assert (unheard["detected"], unheard["highest_level"]) == (None, 0)


def test_alarms_are_counted_by_the_brand_day(found: dict[str, Any]) -> None:
    vigie = found["vigie"]
    assert (vigie["alarms"], vigie["true_alarms"], vigie["false_alarms"]) == (1, 1, 0)
    assert found["brands"].keys() == {"acme"}
    assert found["brand_days"] == pytest.approx(4.0, abs=0.01)
    assert found["learnt_brand_days"] == pytest.approx(3.0, abs=0.1)
    assert vigie["alarms_a_brand_day"] == pytest.approx(0.25, abs=0.01)


def test_published_rules_are_judged_beside(found: dict[str, Any]) -> None:
    assert list(found["baselines"]) == sorted(rule.name for rule in baselines())
    last_hour = found["baselines"]["last-hour"]
    assert last_hour["events"][0]["detected"] is True
    assert last_hour["events"][1]["alarmed"] is True  # volume is all it knows
    assert last_hour["false_alarms"] >= 1


def test_a_log_without_mentions_has_no_days_and_no_rates(folder: Path) -> None:
    (folder / "empty.jsonl").write_bytes(encode_line({"id": "1", "text": "nothing of interest"}))
    result = run(folder, "--column", "text=text", source="empty.jsonl")
    figures = decode(result.stdout)
    assert (result.exit_code, figures["brand_days"]) == (exits.OK, 0.0)
    assert figures["vigie"]["alarms_a_brand_day"] is None


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("absent.json", None, exits.NO_INPUT, "absent.json: cannot be read: No such file or directory"),
        ("broken.json", b"[", exits.BAD_INPUT, "broken.json: not JSON"),
        (
            "unknown.json",
            encode_pretty([{"id": "x", "brand": "acne", "kind": "crisis", "start_utc": None}]),
            exits.BAD_INPUT,
            "unknown.json: event x: 'acne': no brand of the watchlist; it has acme, other",
        ),
    ],
)
def test_wrong_events_are_named_before_anything_is_watched(
    folder: Path, name: str, content: bytes | None, code: int, message: str
) -> None:
    if content is not None:
        (folder / name).write_bytes(content)
    result = run(folder, events=name)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_a_log_that_is_not_there_is_named(folder: Path) -> None:
    result = run(folder, source="absent.csv")
    assert result.exit_code == exits.NO_INPUT
    assert "absent.csv: no such file" in result.stderr


def test_help_keeps_its_lines() -> None:
    result = CliRunner().invoke(main, ["eval", "onset", "--help"])
    assert result.exit_code == exits.OK
    assert "\\b" not in result.stdout
    assert "negative control    to be left alone" in result.stdout
    assert all(len(line) <= 100 for line in result.stdout.splitlines())


@pytest.mark.skipif(not SHARED.exists(), reason="the airline archive is not beside the project")
def test_the_airlines_are_judged_as_their_events_are_known(tmp_path: Path) -> None:
    """On the days of the events and the day before them; `make eval` judges the whole week."""
    with (SHARED / "Tweets.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    posted = header.index("tweet_created")
    with (tmp_path / "Tweets.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *(row for row in rows if row[posted] >= "2015-02-20")])
    files = [str(tmp_path / "Tweets.csv"), "--events", str(SHARED / "known_events.json"), "--watchlist", str(AIRLINES)]
    result = CliRunner().invoke(main, ["eval", "onset", *files])
    assert result.exit_code == exits.OK
    figures = decode(result.stdout)
    events = {event["id"].removeprefix("airline-"): event for event in figures["vigie"]["events"]}
    assert {event["brand"] for event in events.values()} == {"southwest", "us-airways", "american", "jetblue"}
    assert events["american-2015-02-22"]["start"] is None
    assert events["jetblue-fleek-2015-02-23"]["kind"] == "negative control"
    assert events["jetblue-fleek-2015-02-23"]["highest_level"] <= 1
    assert figures["brand_days"] > 25
