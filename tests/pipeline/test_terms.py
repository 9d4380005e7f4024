from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.terms import TermSample
from schemas.codec import decode, encode

mentions = st.lists(
    st.tuples(st.integers(0, 50), st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=6)), max_size=40
)


def sample(added: list[tuple[int, list[str]]], room: int = 12) -> TermSample:
    terms = TermSample(room)
    for key, words in added:
        terms.add(key, words)
    return terms


@given(added=mentions, seed=st.integers(0, 99))
def test_what_is_kept_does_not_depend_on_the_order_of_arrival(added: list[tuple[int, list[str]]], seed: int) -> None:
    shuffled = list(added)
    Random(seed).shuffle(shuffled)

    assert sample(shuffled).state() == sample(added).state()
    assert list(sample(shuffled).counts().items()) == list(sample(added).counts().items())


@given(added=mentions, seed=st.integers(0, 99))
def test_a_restart_in_between_changes_nothing(added: list[tuple[int, list[str]]], seed: int) -> None:
    half = seed % (len(added) + 1)
    restarted = TermSample.restore(decode(encode(sample(added[:half]).state())), 12)
    for key, words in added[half:]:
        restarted.add(key, words)

    assert restarted.counts() == sample(added).counts()


def test_while_all_fit_the_counts_are_exact() -> None:
    assert sample([(3, ["bag", "bag", "crew"]), (1, ["bag"]), (2, ["air"])]).counts() == {"bag": 2, "air": 1, "crew": 1}


def test_what_half_of_the_mentions_say_is_counted_as_half_even_when_a_tenth_fits() -> None:
    rng = Random(5)
    shares = []
    for _ in range(200):
        terms = sample([(rng.getrandbits(32), ["bag" if n % 2 else "air", f"word {n}"]) for n in range(100)], room=24)
        shares.append(terms.counts().get("bag", 0) / 100)

    assert abs(sum(shares) / len(shares) - 0.5) < 0.03


def test_the_sample_stays_bounded_however_much_comes() -> None:
    rng = Random(6)
    terms = sample([(rng.getrandbits(32), [f"{n}-{i}" * 3 for i in range(24)]) for n in range(5_000)], room=24)

    assert len(terms.counts()) <= 24
    assert len(encode(terms.state())) < 1_500


def test_terms_that_cannot_be_stored_are_left_out() -> None:
    assert sample([(1, ["", "x" * 65, "\ud800", "\x00", "naïve"])]).counts() == {"\x00": 1, "naïve": 1}
