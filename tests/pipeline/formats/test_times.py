from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.formats.times import MAX_TIME_MS, digits_ms, row_time_ms, snowflake_ms, time_ms

MOMENT_MS = int(datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    "text",
    [
        "2018-10-10T20:19:24.000Z",
        "2018-10-10T20:19:24Z",
        "2018-10-10T22:19:24+02:00",
        "2018-10-10T20:19:24",
        "Wed Oct 10 20:19:24 +0000 2018",
        "Wed Oct 10 13:19:24 -0700 2018",
    ],
)
def test_both_forms_of_the_api_give_the_same_moment(text: str) -> None:
    assert time_ms(text) == MOMENT_MS


def test_the_milliseconds_of_a_time_are_kept() -> None:
    assert time_ms("2018-10-10T20:19:24.250Z") == MOMENT_MS + 250


@pytest.mark.parametrize(
    "text",
    [
        "2018-10-10 13:19:24 -0700",
        "2018-10-10 20:19:24 +0000",
        "2018-10-10 20:19:24+00:00",
        "2018-10-10 20:19:24 UTC",
        " 2018-10-10 20:19:24 ",
        str(MOMENT_MS),
        str(MOMENT_MS // 1000),
        f"{MOMENT_MS // 1000}.0",
        MOMENT_MS,
        MOMENT_MS // 1000,
        MOMENT_MS / 1000,
    ],
)
def test_archives_write_times_in_further_ways(text: object) -> None:
    assert row_time_ms(text) == MOMENT_MS


@pytest.mark.parametrize(
    "value",
    [
        *("", "yesterday", "1969-12-31T23:59:59Z", "Wed Foo 10 20:19:24 +0000 2018", "2018-13-01T00:00:00Z"),
        *("Wed Oct 10 20:19:24 PDT 2018", "Wed Oct 10 20:19:24 +9999 2018"),
        *("9999-12-31T23:59:59-12:00", None, True, 12, [], {}),
    ],
)
def test_what_is_no_time_is_none(value: object) -> None:
    assert time_ms(value) is None


def test_the_time_of_a_snowflake_is_read_from_its_upper_bits() -> None:
    assert snowflake_ms(str((1_600_000_000_000 - 1_288_834_974_657) << 22)) == 1_600_000_000_000


@pytest.mark.parametrize("post_id", ["20", "29700859247", str(2**35 - 1), str(2**63), "", "-5", "1e20", "9" * 40])
def test_an_id_from_before_the_snowflakes_holds_no_time(post_id: str) -> None:
    assert snowflake_ms(post_id) is None


@given(st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.integers())))
def test_reading_a_time_never_raises_and_stays_within_bounds(value: object) -> None:
    for read in (time_ms, row_time_ms, digits_ms):
        known = read(value)
        assert known is None or 0 <= known <= MAX_TIME_MS


ISO = st.builds(
    "{}-{}-{}T{}:{}:{}.{}{}".format,
    st.sampled_from(["2018", "1969", "1970", "9999", "0000", "20181", "\uff12018", "2018-W41"]),
    st.sampled_from(["10", "02", "13", "1"]),
    st.sampled_from(["10", "31", "29", "00", "3"]),
    st.sampled_from(["20", "00", "23", "24", "25", "2"]),
    st.sampled_from(["19", "00", "60", "+05", ""]),
    st.sampled_from(["24", "00", "59", "60", "5"]),
    st.sampled_from(["000", "250", "000000", ""]),
    st.sampled_from(["Z", "z", "", "+00:00", "-07:00"]),
)


@given(ISO | ISO.map(lambda text: text.replace(":", "")))
def test_a_time_in_the_form_of_the_api_reads_as_any_other_iso_8601(text: str) -> None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        assert time_ms(text) is None
    else:
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        ms = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 1000)
        assert time_ms(text) == (ms if 0 <= ms <= MAX_TIME_MS else None)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001 - naive is asked for
def test_every_moment_survives_both_forms(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC, microsecond=0)
    ms = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 1000)
    assert time_ms(moment.isoformat()) == ms
    assert time_ms(f"{naive.isoformat()[:19]}.000Z") == ms
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    classic = f"Xyz {months[moment.month - 1]} {moment:%d %H:%M:%S} +0000 {moment.year:04d}"
    assert time_ms(classic) == ms
