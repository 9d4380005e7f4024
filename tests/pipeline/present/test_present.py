from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.present import (
    MAX_CRISES,
    SPEECHES,
    STALE_MS,
    BrandPresent,
    Freshness,
    Presents,
    row,
    tell,
)
from schemas import Level
from schemas.situation import CrisisRecord
from schemas.times import from_rfc3339
from schemas.window import WindowClosed
from tests.pipeline.present.scene import (
    CALM,
    NOW_MS,
    OVERDUE,
    RECORDS,
    SITUATION,
    WINDOWS,
    at,
    step,
    window,
)
from tests.schemas.events import CRISIS_ID

LANGUAGES = sorted(SPEECHES)


def seen(records: list[CrisisRecord | WindowClosed]) -> Presents:
    presents = Presents()
    for record in records:
        if isinstance(record, WindowClosed):
            presents.see_window(record)
        else:
            presents.see_crisis(record)
    return presents


def acme(*more: CrisisRecord | WindowClosed) -> BrandPresent:
    return seen([*WINDOWS, *RECORDS, *more]).brands["acme"]


def told(
    present: BrandPresent, lang: str = "en", *, now_ms: int | None = None, texts: dict[str, str] | None = None
) -> str:
    sections = tell(present, present.current, "Acme", SPEECHES[lang], Freshness(now_ms=now_ms), texts or {})
    lines = [f"{line.label} {line.text}" for section in sections for line in section.lines]
    return "\n".join([*(section.title for section in sections), *lines]).replace("\N{NO-BREAK SPACE}", " ")


@given(order=st.permutations([*RECORDS, *RECORDS[:3], *WINDOWS[::15], *WINDOWS[-2:]]))
def test_the_order_of_arrival_and_repeats_change_nothing(order: list[CrisisRecord | WindowClosed]) -> None:
    straight = seen([*RECORDS, *WINDOWS[::15], *WINDOWS[-2:]])
    assert seen(order).brands == straight.brands


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_late_stands_at_the_top(lang: str) -> None:
    heading = tell(acme(), acme().current, "Acme", SPEECHES[lang], Freshness())[0]
    assert any("15" in line.text and "1" in line.text for line in heading.lines if line.mood == "bad")


def test_the_level_is_that_of_the_newest_record() -> None:
    assert acme().level is Level.CRISIS
    assert acme(step(4, 96, Level.CRISIS, Level.SEVERE)).level is Level.SEVERE
    assert acme(window(97, level=Level.ALERT)).level is Level.ALERT


def test_the_level_has_lasted_since_it_last_changed() -> None:
    current = acme().current
    assert current is not None
    assert current.level_since == at(40)


def test_a_resolved_crisis_is_the_last_and_not_the_present_one() -> None:
    present = acme(step(4, 96, Level.CRISIS, Level.CALM), window(96, level=Level.CALM))
    assert present.current is None
    text = told(present)
    assert "No crisis is open." in text
    assert f"The last, {CRISIS_ID[:8]}, reached level 3, crisis" in text


def test_an_update_that_was_posted_is_overdue_no_more() -> None:
    spoke = replace(SITUATION.voice, overdue=False, update_due_at=at(170), last_update_at=at(110))
    later = replace(SITUATION, sequence=2, time=at(120), voice=spoke, duties=())
    present = acme(later, window(121))
    assert "OVERDUE" in told(acme())
    assert "OVERDUE" not in told(present)
    assert "an update is due within 49 min" in told(present)
    assert not row(present, "Acme", SPEECHES["en"], Freshness()).overdue


def test_an_update_becomes_overdue_between_two_situations() -> None:
    spoke = replace(SITUATION.voice, overdue=False, update_due_at=at(100))
    between = replace(OVERDUE, id="x", time=at(100), due_at=at(100))
    present = acme(replace(SITUATION, sequence=2, voice=spoke), between, window(110))
    assert "OVERDUE: the next update was due 10 min ago" in told(present)


def test_what_only_a_report_knows_says_as_of_when() -> None:
    assert "Questions to the brand, as of 2 March 2026, 13:30 UTC" in told(acme())


def test_a_duty_whose_time_has_passed_since_the_report_is_not_called_late() -> None:
    text = told(acme())
    assert "Due Do call-partners (Press office); its time passed 3 min ago, not checked since" in text
    assert "LATE Do answer-questions (Press office); was due 30 min ago" in text
    assert "Done Do acknowledge; 12:20 UTC, 5 min late" in text


def test_old_data_is_said_to_be_old() -> None:
    assert "STALE" not in told(acme(), now_ms=NOW_MS + STALE_MS)
    assert "STALE: nothing newer has come for 5 min" in told(acme(), now_ms=NOW_MS + STALE_MS + 1)
    assert "As of 2 March 2026, 13:35 UTC, 40 s ago." in told(acme(), now_ms=NOW_MS + 40_000)


def test_a_file_has_no_age() -> None:
    assert "where the file ends" in told(acme())
    assert "ago." not in told(acme()).split("\n")[-1]


def test_a_clock_that_is_behind_does_not_count_backwards() -> None:
    assert Freshness(now_ms=NOW_MS - 5_000).age_ms(NOW_MS) == 0


def test_a_brand_of_which_nothing_was_read_says_so() -> None:
    assert "No window of this brand has been read yet" in told(BrandPresent(brand="acme"))


def test_below_alert_there_is_no_report_and_it_says_why() -> None:
    present = seen([window(1, level=Level.WATCH), step(0, 0, Level.CALM, Level.WATCH)]).brands["acme"]
    assert "Below alert there is no situation report" in told(present)


def test_texts_stand_beside_the_ids_that_they_are_of() -> None:
    text = told(acme(step(4, 80, Level.CRISIS, Level.CRISIS)), texts={"41": "my bag", "11": "not shown"})
    assert "my bag" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_brand_has_a_row_and_the_worst_is_first(lang: str) -> None:
    presents = seen([*WINDOWS, *RECORDS, CALM]).brands
    rows = sorted(
        row(p, p.brand, SPEECHES[lang], Freshness(now_ms=NOW_MS))
        for p in (*presents.values(), BrandPresent(brand="new"))
    )
    assert [each.brand for each in rows] == ["acme", "quiet", "new"]
    assert len(rows[0].trend) == 12
    assert rows[0].concern == "refund"
    assert rows[0].waiting == "75"
    assert rows[0].overdue


def test_the_last_hour_is_told_in_steps_of_five_minutes() -> None:
    present = seen([window(minutes, volume=1 if minutes <= 60 else 3) for minutes in range(30, 96)]).brands["acme"]
    assert present.pace(12) == [5] * 5 + [15] * 7


def test_memory_of_crises_is_bounded_and_keeps_those_opened_last() -> None:
    presents = Presents()
    for number in range(MAX_CRISES + 10):
        presents.see_crisis(
            replace(step(0, 0, Level.CALM, Level.WATCH), crisis_id=f"c{number:03}", opened_at=at(number))
        )
    kept = presents.brands["acme"].crises
    assert len(kept) == MAX_CRISES
    assert min(crisis.opened_at for crisis in kept.values()) == at(10)
    assert from_rfc3339(at(10)) > from_rfc3339(at(9))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_left_unfilled_in_any_language(lang: str) -> None:
    text = told(acme(), lang, now_ms=NOW_MS)
    assert "{" not in text
    assert "None" not in text


def test_what_is_over_is_told_as_of_its_end_however_long_ago() -> None:
    final = replace(SITUATION, sequence=2, time=at(120), final=True)
    present = acme(step(4, 120, Level.CRISIS, Level.CALM), final, window(3_000, level=Level.CALM))
    (crisis,) = present.crises.values()
    sections = tell(present, crisis, "Acme", SPEECHES["en"], Freshness())
    text = "\n".join(line.text for section in sections for line in section.lines).replace("\N{NO-BREAK SPACE}", " ")
    assert sections[0].title.startswith("Acme: level 0")
    assert "the last update was posted on " in text
    assert " ago" not in text, "an age as of an end that is long past"
    assert "Late:" not in text
    assert "usual is" not in text


def test_of_a_crisis_that_is_over_the_concerns_are_those_of_its_height() -> None:
    (concern, *_) = SITUATION.concerns
    last = replace(SITUATION, sequence=2, time=at(120), final=True, concerns=(replace(concern, phrase="lost luggage"),))
    present = acme(step(4, 120, Level.CRISIS, Level.CALM), last)
    (crisis,) = present.crises.values()
    sections = tell(present, crisis, "Acme", SPEECHES["en"], Freshness())
    text = "\n".join(f"{line.label} {line.text}" for section in sections for line in section.lines)
    assert crisis.height is not None
    assert crisis.height.level is Level.CRISIS
    assert crisis.height.evidence.concerns[0].phrase in text
    assert "lost luggage" not in text
