from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.duplicates import RecentIds


@given(st.lists(st.sampled_from("abcde"), max_size=80), st.integers(0, 10))
def test_an_id_is_a_duplicate_when_one_of_the_last_records_had_it(ids: list[str], span: int) -> None:
    memory = RecentIds(span)
    for offset, tweet_id in enumerate(ids):
        expected = tweet_id in ids[max(0, offset - span) : offset]
        assert memory.is_duplicate(tweet_id, offset) == expected


@given(st.lists(st.sampled_from("abcdefgh"), max_size=80), st.integers(1, 10), st.integers(0, 80))
def test_a_memory_rebuilt_from_the_last_records_decides_as_the_old_one(ids: list[str], span: int, cut: int) -> None:
    cut = min(cut, len(ids))
    whole, rebuilt = RecentIds(span), RecentIds(span)
    for offset, tweet_id in enumerate(ids[:cut]):
        whole.is_duplicate(tweet_id, offset)
    for offset in range(max(0, cut - span), cut):
        rebuilt.is_duplicate(ids[offset], offset)
    for offset in range(cut, len(ids)):
        assert whole.is_duplicate(ids[offset], offset) == rebuilt.is_duplicate(ids[offset], offset)


def test_the_memory_is_bounded_by_its_span() -> None:
    memory = RecentIds(span=100)
    for offset in range(10_000):
        memory.is_duplicate(str(offset), offset)
    assert len(memory) <= 101


def test_tweets_of_one_record_are_compared_with_each_other() -> None:
    memory = RecentIds(span=0)
    assert [memory.is_duplicate("a", 5), memory.is_duplicate("a", 5), memory.is_duplicate("a", 6)] == [
        False,
        True,
        False,
    ]


def test_a_redriven_tweet_is_no_repeat_of_the_record_that_failed_though_a_rebuilt_memory_holds_it() -> None:
    memory = RecentIds(span=100)
    memory.is_duplicate("failed", 0)
    memory.is_duplicate("sent twice", 1)
    memory.unsure_before = 2
    assert not memory.is_duplicate("failed", 2, redriven_from=0)
    assert memory.is_duplicate("failed", 3, redriven_from=0)
    assert memory.is_duplicate("sent twice", 4, redriven_from=0)


def test_a_redriven_tweet_is_a_repeat_of_a_record_that_this_memory_has_seen_used() -> None:
    memory = RecentIds(span=100)
    assert not memory.is_duplicate("a", 0)
    assert memory.is_duplicate("a", 1, redriven_from=0)
