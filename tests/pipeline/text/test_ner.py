"""Named entities, with a stand-in for spaCy; and with spaCy itself where it and a model are installed."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.ner import EntityKind, NamedEntity, NerNotUsable, SpacyReader, count_names, sample
from tests.pipeline.text.spacy_stand_in import Pipeline, install_spacy


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    return install_spacy(monkeypatch)


def person(name: str) -> NamedEntity:
    return NamedEntity(kind=EntityKind.PERSON, name=name)


def test_persons_organisations_and_places_are_read_once_a_text_in_order(pipeline: Pipeline) -> None:
    reader = SpacyReader("stand_in")
    (found, nothing) = reader.read(["EDF lundi Macron Lyon EDF Ghosn Paris !", "lundi"])
    assert [(entity.kind.value, entity.name) for entity in found] == [
        ("organisation", "EDF"),
        ("person", "Macron"),
        ("place", "Lyon"),
        ("person", "Ghosn"),
        ("place", "Paris"),
    ]
    assert nothing == ()
    assert reader.name == "fr_stand_in-1.2"


def test_what_a_text_can_cost_is_bounded(pipeline: Pipeline) -> None:
    SpacyReader("stand_in").read(["word " * 100_000, "a\ud83db"])
    assert max(map(len, pipeline.texts)) <= 1_000
    assert all(text.isprintable() and text.encode() for text in pipeline.texts)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("fr_gone", r"spaCy cannot load 'fr_gone'\. Install .*spaCy says: \[E050\] Can't find model 'fr_gone'\.$"),
        ("blank", r"the model 'blank' has no named entities; it has tok2vec"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_in_plain_words(pipeline: Pipeline, model: str, message: str) -> None:
    with pytest.raises(NerNotUsable, match=message):
        SpacyReader(model)


def test_without_spacy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(NerNotUsable, match=r"named entities need spaCy, the extra vigie\[ner\]"):
        SpacyReader("fr_core_news_sm")


@given(texts=st.lists(st.text(max_size=3), max_size=60), size=st.integers(1, 20), seed=st.randoms())
def test_a_sample_holds_each_text_once_and_does_not_depend_on_order(texts: list[str], size: int, seed: Any) -> None:
    chosen = sample(texts, size)
    assert len(chosen) == len(set(chosen)) == min(size, len(set(texts)))
    seed.shuffle(texts)
    assert sample(texts * 2, size) == chosen


def test_a_sample_of_a_long_file_is_that_of_all_its_texts() -> None:
    numbers = [str(n) for n in range(5_000)]
    assert sample(numbers, 10) == sample(numbers, 5_000)[:10]


def test_names_are_counted_by_text_whatever_their_case() -> None:
    place = NamedEntity(kind=EntityKind.PLACE, name="Macron")
    read = [[person("Macron"), person("MACRON")], [person("Macron")], [place], [person("Royal")], []]
    assert count_names(read) == [(person("Macron"), 3), (person("Royal"), 1)]


def test_spacy_itself_finds_names() -> None:
    pytest.importorskip("spacy", reason="spaCy is not installed: the extra vigie[ner]")
    pytest.importorskip("fr_core_news_sm", reason="the spaCy model fr_core_news_sm is not installed")
    (found,) = SpacyReader("fr_core_news_sm").read(["Emmanuel Macron est arrivé à Lyon ce matin"])
    assert NamedEntity(kind=EntityKind.PLACE, name="Lyon") in found
