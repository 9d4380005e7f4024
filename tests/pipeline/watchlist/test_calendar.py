"""The calendar as the watchlist has it."""

from itertools import pairwise

import pytest

from pipeline.planned import NOTHING_PLANNED, Calendar
from pipeline.watchlist import Watchlist, WatchlistError
from schemas.times import from_rfc3339

BRAND = 'version = 1\n[brands.acme]\naliases = ["Acme"]\n'
START, END = "start = 2026-03-04T20:00:00+01:00", "end = 2026-03-04T22:30:00+01:00"
DAY = 24 * 60


def watchlist(*lines: str, name: str = "Cup final") -> Watchlist:
    entry = "\n".join(lines)
    return Watchlist.parse(f'{BRAND}[[brands.acme.calendar]]\nname = "{name}"\n{entry}', "brands.toml")


def calendar(*lines: str) -> Calendar:
    return watchlist(*lines).calendars["acme"]


def error_of(*lines: str) -> str:
    with pytest.raises(WatchlistError) as caught:
        watchlist(*lines)
    return str(caught.value)


def minute(time: str) -> int:
    return from_rfc3339(time) // 60_000


def test_an_entry_is_an_event_in_utc_minutes_of_ten_times_the_mentions_unless_told() -> None:
    (event,) = calendar(START, END).events
    assert event.name == "Cup final"
    assert (event.start, event.end) == (minute("2026-03-04T19:00:00Z"), minute("2026-03-04T21:30:00Z"))
    assert event.expect == 10.0
    assert calendar(START, END, "expect = 25").events[0].expect == 25.0


def test_times_may_be_text() -> None:
    assert calendar(START, END) == calendar('start = "2026-03-04T19:00:00Z"', 'end = "2026-03-04T21:30:00Z"')


def test_a_minute_that_is_partly_in_an_event_is_in_it() -> None:
    (event,) = calendar("start = 2026-03-04T20:00:30Z", "end = 2026-03-04T20:01:10Z").events
    assert (event.start, event.end) == (minute("2026-03-04T20:00:00Z"), minute("2026-03-04T20:02:00Z"))


@pytest.mark.parametrize(("repeat", "days", "times"), [("weekly", 7, 4), ("daily", 1, 23)])
def test_a_repeated_event_is_one_for_each_time_up_to_the_last(repeat: str, days: int, times: int) -> None:
    events = calendar(START, END, f'repeat = "{repeat}"', "until = 2026-03-26T20:00:00+01:00").events
    assert len(events) == times
    assert {after.start - before.start for before, after in pairwise(events)} == {days * DAY}
    assert {event.end - event.start for event in events} == {150}


def test_until_includes_an_event_that_begins_right_then() -> None:
    assert len(calendar(START, END, 'repeat = "daily"', "until = 2026-03-05T20:00:00+01:00").events) == 2
    assert len(calendar(START, END, 'repeat = "daily"', "until = 2026-03-05T19:59:00+01:00").events) == 1


def test_a_brand_without_a_calendar_has_none() -> None:
    plain = Watchlist.parse(BRAND)
    assert plain.calendars == {}
    assert plain.brands["acme"].calendar is NOTHING_PLANNED


def test_the_calendar_counts_for_the_fingerprint_and_not_for_the_order_of_its_entries() -> None:
    entries = [f"{{name = 'x', {START}, {END}}}", f"{{name = 'y', {START}, {END}}}"]
    one, turned = (Watchlist.parse(f"{BRAND}calendar = [{', '.join(each)}]") for each in (entries, entries[::-1]))
    assert one.fingerprint == turned.fingerprint != Watchlist.parse(BRAND).fingerprint
    assert watchlist(START, END).fingerprint != watchlist(START, END, "expect = 11").fingerprint


@pytest.mark.parametrize(
    ("lines", "field", "expected"),
    [
        (("start = 2026-03-04T20:00:00", END), "start", "a time with its offset from UTC, as in 2026-03-04T20:00:00+0"),
        (("start = 2026-03-04", END), "start", "got 2026-03-04"),
        (("start = 'tonight'", END), "start", "got 'tonight'"),
        (("start = 20", END), "start", "got 20"),
        ((START,), "end", "got nothing"),
        ((START, "end = 2026-03-04T20:00:00+01:00"), "end", "a time after start, got 2026-03-04T20:00:00+01:00"),
        ((START, "end = 2026-03-18T20:01:00+01:00"), "end", "at most 14 days after start"),
        ((START, END, "expect = 1"), "expect", "a number above 1 and at most 1000, got 1"),
        ((START, END, "expect = nan"), "expect", "got nan"),
        ((START, END, "expect = true"), "expect", "got True"),
        ((START, END, "expect = '5'"), "expect", "got '5'"),
        ((START, END, "until = 2026-04-01T00:00:00Z"), "until", "only beside repeat"),
        ((START, END, "repeat = 'monthly'"), "repeat", '"daily" or "weekly", got \'monthly\''),
        ((START, END, "repeat = 'daily'"), "until", "got nothing"),
        ((START, END, "repeat = 'daily'", "until = 2026-03-04T19:00:00+01:00"), "until", "a time from start to 366"),
        ((START, END, "repeat = 'daily'", "until = 2028-03-04T19:00:00+01:00"), "until", "a time from start to 366"),
        ((START, "end = 2026-03-05T08:01:00+01:00", "repeat = 'daily'"), "end", "at most 12 hours when it is repeated"),
        ((START, END, "expects = 3"), "expects", "did you mean expect?"),
        (("name2 = ''", START, END), "name2", "did you mean name?"),
    ],
)
def test_an_error_names_the_entry_and_the_field(lines: tuple[str, ...], field: str, expected: str) -> None:
    message = error_of(*lines)
    assert message.startswith(f"brands.toml: brand acme: calendar[0]: {field}: ")
    assert expected in message


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("calendar = 3", "calendar: expected a list"),
        ("calendar = ['tomorrow']", "calendar[0]: expected a table { name"),
        (f"calendar = [{{ {START}, {END} }}]", "calendar[0]: name: expected a string of 1 to 100 characters"),
    ],
)
def test_what_is_no_list_of_named_entries_is_an_error(field: str, expected: str) -> None:
    with pytest.raises(WatchlistError, match=r"^brands\.toml: brand acme: ") as caught:
        Watchlist.parse(BRAND + field, "brands.toml")
    assert expected in str(caught.value)


def test_more_events_than_anybody_plans_are_refused() -> None:
    daily = f"{{name = 'x', {START}, {END}, repeat = 'daily', until = 2027-03-04T20:00:00+01:00}}"
    assert len(Watchlist.parse(f"{BRAND}calendar = [{daily}, {daily}]").brands["acme"].calendar.events) == 732
    with pytest.raises(WatchlistError, match="at most 1000 events"):
        Watchlist.parse(f"{BRAND}calendar = [{daily}, {daily}, {daily}]")
