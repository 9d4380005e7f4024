from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.authorhash import AuthorHasher

SUNDAY_NIGHT_MS = int(datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC).timestamp()) * 1000
MONDAY_MS = SUNDAY_NIGHT_MS + 1000
WEEK_MS = 7 * 24 * 3_600_000
TIMES = st.integers(0, 4_102_444_800_000)
NAMES = st.text(min_size=1)


@given(NAMES, TIMES)
def test_an_author_has_one_hash_of_53_bits_a_week(name: str, time_ms: int) -> None:
    of = AuthorHasher(b"secret").of
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    week = moment.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=moment.weekday())
    start_ms = int(week.timestamp()) * 1000

    assert 0 <= of("x", name, time_ms) < 1 << 53
    assert of("x", name, start_ms) == of("x", name, time_ms) == of("x", name, start_ms + WEEK_MS - 1)
    assert of("x", name, start_ms - 1) != of("x", name, time_ms) != of("x", name, start_ms + WEEK_MS)


def test_the_week_begins_on_monday_at_midnight_utc() -> None:
    of = AuthorHasher(b"secret").of
    assert of("x", "7", SUNDAY_NIGHT_MS) != of("x", "7", MONDAY_MS) == of("x", "7", MONDAY_MS + WEEK_MS - 1)


@given(st.lists(st.tuples(NAMES, TIMES), min_size=1))
def test_a_hash_does_not_depend_on_what_was_hashed_before(posts: list[tuple[str, int]]) -> None:
    of = AuthorHasher(b"secret").of
    hashes = [of("x", name, time_ms) for name, time_ms in posts]
    assert hashes == [AuthorHasher(b"secret").of("x", name, time_ms) for name, time_ms in posts]


def test_keys_platforms_and_names_tell_hashes_apart() -> None:
    of = AuthorHasher(b"secret").of
    assert of("x", "7", 0) not in (of("y", "7", 0), of("x", "8", 0), AuthorHasher(b"other").of("x", "7", 0))
    assert len({AuthorHasher(key).of("x", "7", 0) for key in (b"", b"a" * 63, b"a" * 64)}) == 3
    assert AuthorHasher(b"a" * 64).of("x", "7", 0) == AuthorHasher(b"a" * 99).of("x", "7", 0)


@given(st.integers(732 * 24 * 3_600_000, 4_102_444_800_000), st.integers(0, 732 * 24 * 3_600_000))
def test_all_hashes_of_an_account_include_that_of_every_post_of_two_years_and_of_the_week_to_come(
    until_ms: int, ago_ms: int
) -> None:
    hasher = AuthorHasher(b"secret")
    hashes = hasher.all_of("x", "7", until_ms)

    assert hasher.of("x", "7", until_ms - ago_ms) in hashes
    assert hasher.of("x", "7", until_ms + WEEK_MS) == hashes[-1]
    assert len(hashes) == len(set(hashes)) in (106, 107)
