"""The page that a data-protection officer signs, and the page on security, say what the code does."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
import pytest

from agents.metrics import Metrics
from agents.settings import Settings
from agents.topics import topic_specs
from pipeline.authorhash import AuthorHasher
from pipeline.erasure import erasure_of
from pipeline.formats import parse
from schemas.mention import Mention
from schemas.window import WindowClosed
from tests.trust.conftest import Tell
from tests.trust.supply_dangers import ROOT

PAGE = (ROOT / "deploy" / "data-protection.md").read_text("utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")

HOUR_MS = 3_600_000
KAFKAS_SEGMENT_MS = 7 * 24 * HOUR_MS
"""What a broker takes where a topic says nothing."""
DAY_MS = 24 * HOUR_MS


def section(title: str, page: str = PAGE) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of a section's table rows, heads left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def duration(ms: int) -> str:
    if ms % DAY_MS == 0:
        return f"{ms // DAY_MS} d"
    return f"{ms // HOUR_MS} h" if ms % HOUR_MS == 0 else f"{ms // 60_000} min"


def kept(config: Mapping[str, str]) -> str:
    """How long a topic keeps a record, in the words of the page."""
    segment = int(config.get("segment.ms", KAFKAS_SEGMENT_MS))
    policies = config["cleanup.policy"].split(",")
    parts = (
        [f"{duration(int(config['retention.ms']))} + {duration(segment)}"] if "delete" in policies else ["the newest"]
    )
    if "compact" in policies:
        parts.append(f"older versions {duration(int(config['max.compaction.lag.ms']) + segment)}")
    return "; ".join(parts)


def test_the_page_names_every_topic_and_how_long_it_keeps_a_record(tell: Tell) -> None:
    specs = {spec.name: kept(spec.config) for spec in topic_specs(Settings.model_construct())}
    told = {cells[0].strip("`"): cells[3] for cells in rows(section("What is kept")) if re.match(r"`\S+`$", cells[0])}
    assert told == specs
    tell("compliance", f"deploy/data-protection.md: {len(told)} topics, each with the retention that it is made with")


def test_texts_are_gone_within_the_day() -> None:
    texts = {"tweets.raw", "vigie.deadletters"}
    for settings in (Settings.model_construct(), Settings.model_construct(keep_text=True)):
        where = texts | {"vigie.mentions"} if settings.keep_text else texts
        for spec in topic_specs(settings):
            if spec.name in where:
                longest = int(spec.config["retention.ms"]) + int(spec.config["segment.ms"])
                assert longest < DAY_MS, spec.name


def test_topics_that_the_page_calls_empty_of_people_are_those_that_the_code_calls_so() -> None:
    nobody = {cells[0].strip("`") for cells in rows(section("What is kept")) if cells[1].startswith("nothing")}
    impersonal = {spec.name for spec in topic_specs(Settings.model_construct()) if not spec.personal}
    assert impersonal <= nobody
    assert {name for name in nobody if "." in name or name.endswith("-changelog")} == impersonal


def test_nothing_of_an_author_but_a_hash_is_in_a_mention_or_a_window() -> None:
    about_people = re.compile(
        r"user|name|bio|screen|location|place|geo|coordinates|avatar|verified|follow", re.IGNORECASE
    )
    fields = [field.name for field in msgspec.structs.fields(Mention)]
    assert [name for name in fields if about_people.search(name)] == []
    assert "author" in fields
    assert [name for name in WindowClosed.__dataclass_fields__ if about_people.search(name) or name == "author"] == []


def test_an_author_of_one_week_is_nobody_in_the_next() -> None:
    monday, hasher = 1_764_547_200_000, AuthorHasher(b"k" * 32)
    week = [hasher.of("x", "2244994945", monday + day * DAY_MS) for day in range(14)]
    assert [len(set(week[:7])), len(set(week[7:])), len(set(week))] == [1, 1, 2]
    assert AuthorHasher(b"l" * 32).of("x", "2244994945", monday) not in week


def test_no_metric_has_a_label_of_a_person_or_a_post() -> None:
    labels = {label for metric in vars(Metrics()).values() for label in getattr(metric, "_labelnames", ())}
    assert {"stage", "reason"} <= labels
    assert not labels & {"author", "user", "tweet", "tweet_id", "id", "hashtag", "crisis", "crisis_id", "handle"}


@pytest.mark.parametrize("message", re.findall(r"write one: `(\{.*?\})`", PAGE.replace("\n", " ")))
def test_the_message_that_the_page_gives_is_one_that_erases(message: str) -> None:
    (notice,) = parse(message.replace("ID", "1863912345678901234").encode(), max_bytes=1000).compliance
    erasure = erasure_of(notice, AuthorHasher(b"k" * 32), 1_764_547_200_000)
    assert erasure is not None
    assert erasure.tweet_ids == ("1863912345678901234",)


def test_the_page_has_a_message_to_give() -> None:
    assert "write one: `" in PAGE.replace("\n", " ")


def test_the_threats_name_tests_that_there_are() -> None:
    named = set(re.findall(r"`(tests/[^`]+)`", SECURITY + PAGE))
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize(("page", "folder"), [(PAGE, ROOT / "deploy"), (SECURITY, ROOT)], ids=["data", "security"])
def test_links_lead_to_files_and_headings(page: str, folder: object) -> None:
    assert isinstance(folder, type(ROOT))
    links = re.findall(r"\]\(([^)]+)\)", page)
    headings = {
        re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    }
    wrong = [
        link
        for link in links
        if not (link[1:] in headings if link.startswith("#") else (folder / link.partition("#")[0]).exists())
    ]
    assert len(links) > 3
    assert wrong == []


def test_commands_and_settings_of_the_pages_exist() -> None:
    text = SECURITY + PAGE
    settings = {name.removeprefix("VIGIE_").lower() for name in re.findall(r"VIGIE_[A-Z_]+", text)}
    assert settings - set(Settings.model_fields) == set()
    verbs = set(re.findall(r"`make ([a-z-]+)", text))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert [verb for verb in verbs if f"\n{verb}:" not in makefile] == []
