"""Events that were published again without posts that were withdrawn: the last version counts, everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.erasure import named_ids, redacted
from pipeline.present import SPEECHES, Freshness, Presents, last_versions, row, tell
from pipeline.report import build_report
from pipeline.report.episodes import episodes
from schemas.crisis import CrisisEvent, Exemplar
from schemas.situation import CrisisRecord
from tests.pipeline.present.scene import NOW_MS, RECORDS, WINDOWS, with_long_ids

NAMING = [with_long_ids(record) for record in RECORDS]
NAMED = sorted({each for record in NAMING for each in named_ids(record)})
WITHDRAWN = [redacted(record, NAMED, ()) for record in NAMING]
LANGS = sorted(SPEECHES)


def of_its_own(record: CrisisRecord, number: int) -> CrisisRecord:
    """The record, a step of which names posts that no other one names."""
    if not isinstance(record, CrisisEvent):
        return record
    posts = tuple(Exemplar(tweet_id=f"77{number}{each}", engagement=each) for each in range(3))
    return replace(record, evidence=replace(record.evidence, exemplars=posts))


EVENTS = [of_its_own(record, number) for number, record in enumerate(RECORDS)]
POSTS = sorted({each for record in EVENTS for each in named_ids(record)})


@st.composite
def logs(draw: st.DrawFn) -> list[CrisisRecord]:
    """Records in any order, and their later versions as posts were withdrawn; versions of an event in their order."""
    withdrawals = draw(st.lists(st.sets(st.sampled_from(POSTS)), max_size=3))
    versions = [[record] for record in EVENTS]
    for known in versions:
        for gone in withdrawals:
            left = redacted(known[-1], gone, ())
            if left is not known[-1] or draw(st.booleans()):  # without a reason: that does no harm
                known.append(left)
    places = draw(st.permutations([at for at, known in enumerate(versions) for _ in known]))
    return [versions[at].pop(0) for at in places]


def seen(records: Sequence[CrisisRecord]) -> Presents:
    presents = Presents()
    for record in records:
        presents.see_crisis(record)
    return presents


@given(logs())
def test_an_event_is_there_once_as_its_last_version_says_it(log: list[CrisisRecord]) -> None:
    left = last_versions(log)
    assert sorted(each.id for each in left) == sorted(each.id for each in EVENTS)
    for record in left:
        assert record == [each for each in log if each.id == record.id][-1]
    assert [each.id for each in left] == list(dict.fromkeys(each.id for each in log))


@given(logs())
def test_versions_taken_in_as_they_come_give_what_their_last_ones_give(log: list[CrisisRecord]) -> None:
    last = last_versions(log)
    assert seen(log).brands == seen(last).brands
    told, again = episodes(log), episodes(last)
    assert told == again
    assert [each.course.posts for each in told] == [each.course.posts for each in again]
    assert [each.course.situations for each in told] == [each.course.situations for each in again]


@pytest.mark.parametrize("lang", LANGS)
def test_a_crisis_all_of_whose_posts_were_withdrawn_is_told_without_one_of_them(lang: str) -> None:
    assert shown(NAMING, lang).count("99000000000") > len(NAMED)
    again = shown([*NAMING, *WITHDRAWN], lang)
    assert "99000000000" not in again
    assert "75" in again, "counts stay"


def shown(records: Sequence[CrisisRecord], lang: str) -> str:
    """All that is told of a brand: on a terminal, in the table of all brands, in the report."""
    acme, fresh = seen(records).brands["acme"], Freshness(now_ms=NOW_MS)
    for window in WINDOWS:
        acme.see_window(window)
    sections = tell(acme, acme.current, "Acme", SPEECHES[lang], fresh, {})
    lines = [line.text for section in sections for line in section.lines]
    page = build_report(WINDOWS, records, title="t", generated_from="g", lang=lang)
    return "\n".join([*lines, str(row(acme, "Acme", SPEECHES[lang], fresh)), page])
