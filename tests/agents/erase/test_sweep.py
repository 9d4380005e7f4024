"""One reading of the crises: what is named is found in any version, and goes from the newest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import pytest

from agents.erase.sweep import Sweep
from agents.transport import OutRecord
from pipeline.erasure import Wanted, named_ids
from schemas.cloudevents import REDACTED_HEADER, crisis_headers, crisis_key
from schemas.codec import encode
from schemas.crisis import CrisisEvent, Exemplar
from schemas.reading import read_crisis_record
from schemas.situation import CrisisRecord
from tests.agents.erase.bench import record_of
from tests.schemas.events import EVENTS

EVENT = cast("CrisisEvent", EVENTS["crisis-event"])
GONE, STAYS, AUTHOR = "1900000000000000001", "1900000000000000002", 4_503_599_627_370_001


def event(*tweet_ids: str, id: str = "e1", authors: dict[str, int] | None = None) -> CrisisEvent:  # noqa: A002
    exemplars = tuple(Exemplar(tweet_id=tweet_id, engagement=1) for tweet_id in tweet_ids)
    evidence = replace(EVENT.evidence, concerns=(), exemplars=exemplars)
    return replace(EVENT, id=id, evidence=evidence, authors=authors or {})


def sweep_of(
    *records: tuple[int, bytes, bytes | None],
    compacts: bool = True,
    most: int = 100,
    until: Mapping[int, Mapping[int, int]] | None = None,
) -> Sweep:
    """A sweep over records of (partition, key, value)."""
    wanted = Wanted(frozenset({GONE}), frozenset({AUTHOR}))
    sweep = Sweep(wanted, compacts=compacts, until=until or {}, most_events=most)
    read = [
        record_of(value, topic="vigie.crises", partition=partition, offset=offset, key=key)
        for offset, (partition, key, value) in enumerate(records)
    ]
    for record in read:
        sweep.see(record)
    for record in read:
        sweep.take(record)
    return sweep


def of(record: CrisisRecord, *, partition: int = 0, key: bytes | None = None) -> tuple[int, bytes, bytes]:
    return partition, key or crisis_key(record), encode(record)


def written(record: OutRecord) -> CrisisRecord:
    return read_crisis_record(record.value)


BY_ID, BY_AUTHOR = Wanted(tweet_ids={GONE}), Wanted(authors={AUTHOR})


def test_an_event_that_names_a_post_is_published_again_without_it_where_and_under_what_it_was() -> None:
    sweep = sweep_of(of(event(GONE, STAYS), partition=3))
    (redaction,) = sweep.redactions()
    assert (redaction.partition, redaction.key) == (3, b"e1")
    assert written(redaction) == event(STAYS)
    assert list(redaction.headers) == [*crisis_headers(event(STAYS)), (REDACTED_HEADER, b"1")]
    assert sweep.holds(BY_ID)
    assert not sweep.holds(BY_AUTHOR)


def test_a_post_goes_by_the_hash_of_its_author_too() -> None:
    sweep = sweep_of(of(event(STAYS, "5", authors={STAYS: AUTHOR, "5": 8})))
    (redaction,) = sweep.redactions()
    assert named_ids(written(redaction)) == {"5"}
    assert sweep.holds(BY_AUTHOR)
    assert not sweep.holds(BY_ID)


def test_events_that_name_nothing_of_it_are_left_alone_even_where_a_count_looks_like_it() -> None:
    alike = replace(event(STAYS), evidence=replace(event(STAYS).evidence, questions=int(GONE)))
    sweep = sweep_of(of(event(STAYS)), of(replace(alike, id="e2")), (0, b"e3", None))
    assert not sweep.redactions()
    assert not sweep.nudges()
    assert not sweep.holds(BY_ID)


def test_where_the_newest_version_is_clean_the_older_one_counts_until_it_is_compacted_away() -> None:
    clean = of(event(STAYS))
    sweep = sweep_of(of(event(GONE, STAYS)), clean, of(event(id="e9")))
    assert not sweep.redactions()
    (nudge,) = sweep.nudges()
    assert (nudge.partition, nudge.key, nudge.value) == clean
    assert sweep.holds(BY_ID)
    assert not sweep_of(clean, clean).holds(BY_ID)


def test_one_append_a_partition_is_enough_to_close_its_segment() -> None:
    old = [of(event(GONE, id=f"e{n}"), partition=1) for n in (1, 2)]
    new = [of(event(id=f"e{n}"), partition=1) for n in (1, 2)]
    assert len(sweep_of(*old, *new).nudges()) == 1
    waits, due = (of(event(GONE), partition=1), of(event(), partition=1)), of(event(GONE, id="e2"), partition=1)
    sweep = sweep_of(*waits, due)
    assert len(sweep.redactions()) == 1
    assert not sweep.nudges(), "the redaction is appended anyway"


def test_a_version_that_came_back_is_redacted_again() -> None:
    sweep = sweep_of(of(event(GONE, STAYS)), of(event(STAYS)), of(event(GONE, STAYS)))
    assert [written(each) for each in sweep.redactions()] == [event(STAYS)]


def test_what_another_redaction_took_out_does_not_come_back() -> None:
    sweep = sweep_of(of(event(GONE, STAYS, "77")), of(event(GONE, STAYS)))
    assert [written(each) for each in sweep.redactions()] == [event(STAYS)]


def test_on_a_broker_that_compacts_nothing_the_newest_version_is_what_counts() -> None:
    both = of(event(GONE, STAYS)), of(event(STAYS))
    assert not sweep_of(*both, compacts=False).holds(BY_ID)
    assert not sweep_of(*both, compacts=False).nudges()
    assert sweep_of(both[0], compacts=False).holds(BY_ID)


def test_events_of_before_there_were_keys_of_their_own_are_redacted_under_their_brand() -> None:
    sweep = sweep_of(of(event(GONE, STAYS), key=b"acme"))
    assert [(each.key, written(each)) for each in sweep.redactions()] == [(b"acme", event(STAYS))]


def test_more_events_than_can_be_held_are_for_the_next_sweep_and_prove_nothing_meanwhile() -> None:
    records = [of(event(GONE, id=f"e{n}")) for n in range(5)]
    for compacts in (True, False):
        sweep = sweep_of(*records, compacts=compacts, most=2)
        assert sweep.cut
        assert [each.key for each in sweep.redactions()] == [b"e0", b"e1"]
        assert sweep.holds(BY_ID)


def test_what_cannot_be_read_and_may_name_it_proves_nothing() -> None:
    sweep = sweep_of((0, b"e1", b'{"of":"another version","tweet":"%s"}' % GONE.encode()), (0, b"e2", b"{"))
    assert sweep.unreadable == 1
    assert sweep.holds(BY_ID)
    assert not sweep.holds(BY_AUTHOR)
    assert not sweep.redactions()


def test_older_versions_take_no_room_from_those_that_have_a_turn() -> None:
    for compacts in (True, False):
        log = [of(event(GONE, id=f"e{n}")) for n in range(5)]
        for _ in range(3):
            sweep = sweep_of(*log, compacts=compacts, most=2)
            log += [(0, cast("bytes", each.key), cast("bytes", each.value)) for each in sweep.redactions()]
        last = sweep_of(*log, compacts=compacts, most=2)
        assert not last.redactions()
        assert not last.cut


def test_what_an_account_posts_after_its_notice_is_named_again() -> None:
    log = [of(event(STAYS, id=each, authors={STAYS: AUTHOR})) for each in ("e1", "e2")]
    sweep = sweep_of(*log, until={AUTHOR: {0: 1}})
    assert [each.key for each in sweep.redactions()] == [b"e1"]
    assert sweep.holds(BY_AUTHOR)
    assert not sweep_of(log[1], until={AUTHOR: {0: 0}}).holds(BY_AUTHOR)


def test_what_is_appended_again_as_it_is_says_so() -> None:
    (nudge,) = sweep_of(of(event(GONE)), of(event())).nudges()
    assert (REDACTED_HEADER, b"1") in nudge.headers


ELSEWHERE = "at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3l3qo2vuowo2b"


@pytest.mark.parametrize("gone", [ELSEWHERE, 'a "quoted" id', "été", "a\\b"])
def test_an_id_that_is_no_number_is_found_as_it_is_written(gone: str) -> None:
    wanted = Wanted(frozenset({gone}))
    log = [
        of(event(gone, STAYS)),
        of(event(f"{gone}x", id="e2")),
        (0, b"e3", encode({"of": "another version", "id": gone})),
    ]
    sweep = Sweep(wanted, compacts=False)
    read = [
        record_of(value, topic="vigie.crises", partition=partition, offset=offset, key=key)
        for offset, (partition, key, value) in enumerate(log)
    ]
    for record in read:
        sweep.see(record)
    for record in read:
        sweep.take(record)
    assert [written(each) for each in sweep.redactions()] == [event(STAYS)]
    assert sweep.unreadable == 1
    assert sweep.holds(wanted)
    assert not sweep.holds(BY_ID)
