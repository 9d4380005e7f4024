"""Whatever strangers write: it stops nothing, what comes of it is bounded, and it costs them more than us."""

from __future__ import annotations

import pytest

from pipeline.records import Record
from pipeline.text import StandardAnalyzer
from pipeline.watchlist.matching import MAX_NAMES
from schemas.codec import encode
from schemas.deadletter import DeadLetterReason
from tests.faults.test_poison import MAX_MENTION, assert_accounted_for
from tests.trust.conftest import Tell
from tests.trust.hostile import BRAND, EVERY, LONGEST_POST, ORDINARY, PAYLOADS, POST_MS, TEXTS, line, posts
from tests.trust.hostilecost import Chain, growth

SIZES = (280, 1_000, LONGEST_POST)
"""Characters: an ordinary account's post, what is read of a text, a subscriber's."""
MOST_STATE = 64 * 1024
"""Bytes of the state that one batch leaves of a brand."""
SMALL, LARGE = {True: (2_000, 24_000), False: (16_000, 192_000)}, 12
"""Characters, of texts and of payloads, and how many times as many the large ones have."""
SHORT = 120
"""Characters of an ordinary tweet."""


@pytest.fixture(scope="module")
def chain() -> Chain:
    """Enrich and track, warm."""
    chain = Chain()
    chain.cost(posts(ORDINARY), 1_000, records=200)
    return chain


@pytest.mark.parametrize("name", EVERY)
def test_it_stops_neither_enrich_nor_track_and_what_comes_of_it_is_bounded(chain: Chain, name: str) -> None:
    for size in SIZES:
        values = [EVERY[name](number, size) for number in range(2)]
        sound = line(f"{BRAND} late again", 999)
        enriched, out, step, _ = chain.run([*values, sound])
        assert enriched.counts["records"] == len(values) + 1
        assert enriched.mentions[-1].origin.offset == len(values), "the sound post after it was not read"
        assert all(reject.reason is not DeadLetterReason.INTERNAL for reject in enriched.rejected)
        assert all(len(value) <= MAX_MENTION for value in out)
        assert all(len(value) <= MOST_STATE for value in step.states.values())
        assert step.counted + step.dropped.total() == len(enriched.mentions)


@pytest.mark.parametrize("name", EVERY)
def test_every_record_of_it_is_accounted_for(chain: Chain, name: str) -> None:
    engine = chain.enricher
    clock = engine.new_clock(0)
    for number in range(2):
        record = Record(number, POST_MS + 1000, None, EVERY[name](number, 1_000))
        parsed = engine._parse(record)
        assert_accounted_for(parsed, engine.enrich(clock, [record]))


@pytest.mark.parametrize("name", EVERY)
def test_its_cost_grows_no_faster_than_its_length(chain: Chain, name: str) -> None:
    sizes, times = SMALL[name in TEXTS], LARGE
    most = 2.5 * times

    def cpu_us(size: int) -> float:
        return chain.cost(EVERY[name], size, records=2, times=1).cpu_us

    assert growth(cpu_us, *sizes, at_most=most) <= most


def test_what_it_costs_us_for_each_byte_of_theirs(chain: Chain, tell: Tell) -> None:
    ordinary = chain.cost(posts(ORDINARY), SHORT, records=200, times=5)
    rows = []
    for size, records in ((1_000, 24), (LONGEST_POST, 3)):
        alike = chain.cost(posts(ORDINARY), size, records=records)
        for name, made in EVERY.items():
            cost = chain.cost(made, size, records=records, times=2)
            if size == LONGEST_POST and cost.bytes_in < size:
                continue  # its length is always the same
            by_byte = cost.cpu_us_per_kib / ordinary.cpu_us_per_kib
            rows.append((by_byte, cost.cpu_us / alike.cpu_us, size, name, cost))
    rows.sort(reverse=True, key=lambda row: row[0])
    tell("hostile input", f"{len(TEXTS)} sorts of posts and {len(PAYLOADS)} of payloads, of {SIZES} characters:")
    tell("hostile input", f"none stopped anything; an ordinary tweet costs {ordinary.cpu_us:.0f} us of CPU,")
    tell("hostile input", f"{ordinary.cpu_us_per_kib:.0f} us a KiB, from its bytes to the state that it leaves")
    tell(
        "hostile input",
        "dearest by byte                  chars   KiB in  us a KiB  x a tweet's  x same length  KiB out",
    )
    for by_byte, by_length, size, name, cost in rows[:12]:
        tell(
            "hostile input",
            f"{name:<32} {size:>5,} {cost.bytes_in / 1024:>8.1f} {cost.cpu_us_per_kib:>9.0f} {by_byte:>12.1f} "
            f"{by_length:>14.1f} {cost.bytes_out / 1024:>8.1f}",
        )


def test_one_post_that_names_a_thousand_brands_is_mentions_of_twenty(tell: Tell) -> None:
    names = [f"brand{number:04d}" for number in range(1_000)]
    brands = "\n".join(f'[brands.{name}]\naliases = ["{name}"]\nofficial = ["{name}"]' for name in names)
    chain = Chain(f"version = 1\n{brands}")
    stuffed = posts(lambda *_: " ".join(names))
    enriched, out, _, _ = chain.run([stuffed(1, 0)])
    assert [mention.brand for mention in enriched.mentions] == names[:MAX_NAMES]
    cost = chain.cost(stuffed, 0)
    ordinary = chain.cost(posts(lambda *_: f"{names[1]} is late"), 0, records=100)
    assert sum(map(len, out)) <= MAX_NAMES * MAX_MENTION
    tell(
        "hostile input",
        f"1,000 brands in one post of {cost.bytes_in / 1024:.0f} KiB: {len(out)} mentions, "
        f"{cost.bytes_out / 1024:.0f} KiB, {cost.cpu_us_per_kib / ordinary.cpu_us_per_kib:.1f} x a tweet's CPU by byte",
    )


def test_the_brands_own_account_is_heard_however_many_names_it_writes() -> None:
    names = [f"brand{number:04d}" for number in range(60)]
    brands = "\n".join(f'[brands.{name}]\naliases = ["{name}"]\nofficial = ["{name}"]' for name in names)
    post = line(" ".join(names[:50]), author_id="5").replace(b'"username":"u0"', b'"username":"brand0059"')
    post = post.replace(b'{"id":"7000000"', b'{"id":"5"')
    enriched, _, _, _ = Chain(f"version = 1\n{brands}").run([post])
    assert [m.brand for m in enriched.mentions if m.official] == ["brand0059"]
    assert len(enriched.mentions) == MAX_NAMES + 1


def test_who_fills_the_memories_up_gains_nothing() -> None:
    """Caches are keyed by what strangers write; none may grow with it, or slow others for good."""
    chain = Chain()
    chain.cost(posts(ORDINARY), SHORT, records=200)
    before = chain.cost(posts(ORDINARY), SHORT, records=200, times=5)
    for name in ("every character there is", "every character beyond", "words that nobody knows"):
        chain.run([EVERY[name](number, LONGEST_POST) for number in range(20)])
    for name in ("long words of four bytes", "one long word"):
        for first in range(0, 5_000, 500):
            chain.run([EVERY[name](first + number, 950) for number in range(500)])
    chain.run([EVERY["links of 2,000 characters"](number, 30_000) for number in range(200)])
    analyzer = chain.enricher.analyzer
    assert isinstance(analyzer, StandardAnalyzer)
    assert sum(map(len, analyzer.readers().vocabulary._chunks)) <= 6_000_000
    assert sum(len(url) for key in analyzer._cache for url in key[5]) <= 1_000_000
    after = chain.cost(posts(ORDINARY), SHORT, records=200, times=5)
    assert after.cpu_us <= 3 * before.cpu_us


def test_the_size_of_a_mention_is_bounded_by_what_it_is_made_of() -> None:
    """Every field at its bound at once, for the most mentions that one post makes."""
    tags = [{"tag": f"{n:02d}{'t' * 98}"} for n in range(60)]
    links = [{"expanded_url": f"https://e.example/{n}/{'u' * 2_000}"} for n in range(60)]
    post = line(f"{BRAND} {'x' * LONGEST_POST}", entities={"hashtags": tags, "cashtags": tags, "urls": links})
    enriched, out, _, _ = Chain().run([post])
    assert enriched.mentions
    assert all(len(value) <= MAX_MENTION for value in out)
    assert all(len(encode(mention)) <= MAX_MENTION for mention in enriched.mentions)
