from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.concerns.clusters import MOST_CONCERNS, MOST_PHRASES, cluster
from pipeline.concerns.contrast import Contrast, Risen
from pipeline.concerns.document import phrases_of
from pipeline.concerns.trend import newer_half, trend
from schemas.crisis import Trend
from tests.pipeline.concerns.documents import said


def risen(texts: dict[str, int], *, others: int = 40) -> list[Risen]:
    """Contrast texts, each said so often by the angry, with what others say; nothing was known before."""
    angry = [(phrases_of(said(1, text)), True) for text, count in texts.items() for _ in range(count)]
    calm = [(phrases_of(said(1, "thanks|coffee")), False) for _ in range(others)]
    return Contrast(angry + calm, lambda _term: 0, 0).risen(1.0)


def labels(texts: dict[str, int]) -> list[str]:
    return [one.label for one in cluster(risen(texts), sum(texts.values()) + 40)]


def test_phrases_that_stand_in_the_same_documents_are_one_concern_and_a_pair_says_it_best() -> None:
    found = cluster(risen({"lost bag|claim": 12, "lost bag": 8, "on hold|phone": 9}), 69)
    assert [one.label for one in found] == ["lost bag", "on hold"]
    assert {one.term for one in found[0].terms} == {"lost bag", "lost", "bag", "claim"}
    assert found[0].documents.bit_count() == 20


def test_a_pair_that_is_rarely_said_is_no_label_for_its_word() -> None:
    assert labels({"hold": 12, "hold hours": 3}) == ["hold"]


def test_what_comes_together_by_chance_only_stays_apart() -> None:
    rng, texts = Random(7), dict[str, int]()
    for _ in range(60):
        text = "|".join(["delay"] * (rng.random() < 0.4) + ["luggage"] * (rng.random() < 0.4) + ["so"])
        texts[text] = texts.get(text, 0) + 1
    assert {"delay", "luggage"} <= set(labels(texts))


def test_what_the_angry_and_the_patient_say_alike_is_no_concern() -> None:
    angry = [(["thanks", "refund"], True)] * 20
    calm = [(["thanks", "coffee"], False)] * 20
    found = [one.term for one in Contrast(angry + calm, lambda _term: 0, 0).risen(2.0)]
    assert found == ["refund"]


def test_where_no_mood_is_read_everything_counts_as_talked_about_now() -> None:
    recent = [(["remboursement"], False)] * 20 + [(["bonjour"], False)] * 2
    found = Contrast(recent, lambda term: 90 if term == "bonjour" else 0, 100).risen(2.0)
    assert [one.term for one in found] == ["remboursement"]


@pytest.mark.parametrize("usual", [0, 10, 400])
def test_what_has_always_been_said_is_no_concern(usual: int) -> None:
    recent = [(["flight"], True)] * 40 + [(["other"], True)] * 60
    found = {one.term for one in Contrast(recent, lambda term: usual if term == "flight" else 200, 1000).risen(2.0)}
    assert ("flight" in found) == (usual < 400)


@given(st.lists(st.tuples(st.lists(st.sampled_from("abcdefghijklmnop"), max_size=5), st.booleans()), max_size=60))
def test_concerns_do_not_depend_on_the_order_of_documents_and_are_few(recent: list[tuple[list[str], bool]]) -> None:
    distinct = [(sorted(set(terms)), negative) for terms, negative in recent]

    def found(order: list[tuple[list[str], bool]]) -> list[tuple[str, int]]:
        contrast = Contrast(order, lambda _term: 1, 30)
        concerns = cluster(contrast.risen(1.0), len(order))
        assert all(len(one.terms) <= MOST_PHRASES for one in concerns)
        return [(one.label, one.documents.bit_count()) for one in concerns]

    assert found(distinct) == found(distinct[::-1])
    assert len(found(distinct)) <= MOST_CONCERNS


def test_a_trend_is_a_change_that_chance_hardly_makes() -> None:
    newer = newer_half(list(range(40)))
    older = ~newer & (1 << 40) - 1
    assert newer.bit_count() == 20
    assert trend(newer, newer, 40) is Trend.RISING
    assert trend(older, newer, 40) is Trend.FALLING
    assert trend(0b111 << 19, newer, 40) is Trend.STEADY
    assert trend((1 << 40) - 1, newer, 40) is Trend.STEADY
    assert trend(1, newer_half([5]), 1) is Trend.STEADY
    assert trend(0, newer_half([]), 0) is Trend.STEADY
