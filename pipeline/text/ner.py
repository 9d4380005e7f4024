"""Named entities: who, what and where is named in a sample of tweets. Optional, and never on the hot path.

ADR: a sample, on demand
------------------------
A model of named entities reads some hundred tweets a second and takes 200 MB; the rest of the pipeline reads some
hundred times as many. It finds persons and places in tweets fairly well and organisations badly. And mentions carry
no text unless told to. So nothing in the stream depends on it: it reads a sample when somebody asks, because a
brand is in alert. Texts are sampled by their hashes, so everyone who asks is told the same. spaCy does the reading
(the extra ``vigie[ner]``), with a model that the operator installs and names: those on PyPI are mirrors that are
not all what their name says.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Protocol

from pipeline.text.tokens import clean

__all__ = ["EntityKind", "NamedEntity", "NamedEntityReader", "NerNotUsable", "SpacyReader", "count_names", "sample"]

MAX_ENTITIES = 20
"""Entities kept of one text."""
MAX_CHARS = 60
"""A longer name is no name but a mistake."""


class EntityKind(StrEnum):
    """What is named."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"


_KINDS: Mapping[str, EntityKind] = {
    **dict.fromkeys(("PER", "PERSON"), EntityKind.PERSON),
    "ORG": EntityKind.ORGANISATION,
    **dict.fromkeys(("LOC", "GPE", "FAC"), EntityKind.PLACE),
}
"""Labels of spaCy's models (WikiNER and OntoNotes); others, of dates and amounts, name nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedEntity:
    """One name in one text."""

    kind: EntityKind
    name: str
    """As written, spaces made single."""


class NamedEntityReader(Protocol):
    """Reads named entities."""

    name: str
    """Name and version of the model."""

    def read(self, texts: Sequence[str]) -> list[tuple[NamedEntity, ...]]:
        """Return the entities of each text, distinct, in order of appearance, at most 20. Never raises on any text."""


class NerNotUsable(Exception):
    """spaCy or the model is not installed; the message says how to."""


class SpacyReader:
    """Named entities by spaCy.

    Parameters
    ----------
    model : str
        An installed pipeline with named entities, ``fr_core_news_sm`` say, or the folder of one.

    Raises
    ------
    NerNotUsable
        There is no spaCy, or no such model, or it has no named entities.
    """

    def __init__(self, model: str) -> None:
        self._pipeline = _load(model)
        meta = self._pipeline.meta
        self.name = f"{meta.get('lang', '')}_{meta.get('name', model)}-{meta.get('version', '0')}"

    def read(self, texts: Sequence[str]) -> list[tuple[NamedEntity, ...]]:
        """Return the entities of each text; reads the first 1,000 characters."""
        docs = self._pipeline.pipe([clean(text) for text in texts], batch_size=128)
        return [_entities(doc.ents) for doc in docs]


def sample(texts: Iterable[str], size: int) -> list[str]:
    """Return so many of the texts, or all, each once: those with the smallest hashes, whatever order they come in.

    >>> sample(["a", "b", "c"], 2) == sample(["c", "b", "a", "c"], 2)
    True
    """
    kept: dict[bytes, str] = {}
    for text in texts:
        kept[blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()] = text
        if len(kept) > 2 * size + 1_000:
            kept = dict(heapq.nsmallest(size, kept.items()))
    return [text for _, text in heapq.nsmallest(size, kept.items())]


def count_names(read: Iterable[Sequence[NamedEntity]]) -> list[tuple[NamedEntity, int]]:
    """Count in how many texts each name is, whatever its case: the most frequent first, then by name.

    A name is shown in its most frequent spelling, and is what most texts have it to be.
    """
    spellings: dict[str, Counter[NamedEntity]] = {}
    texts: Counter[str] = Counter()
    for entities in read:
        texts.update({entity.name.casefold() for entity in entities})
        for entity in entities:
            spellings.setdefault(entity.name.casefold(), Counter())[entity] += 1
    counted = [(_most(spellings[folded]), count) for folded, count in texts.items()]
    return sorted(counted, key=lambda pair: (-pair[1], pair[0].name, pair[0].kind))


def _most(spellings: Counter[NamedEntity]) -> NamedEntity:
    return min(spellings, key=lambda entity: (-spellings[entity], entity.name, entity.kind))


def _entities(spans: Iterable[Any]) -> tuple[NamedEntity, ...]:
    found: dict[NamedEntity, None] = {}
    for span in spans:
        kind = _KINDS.get(span.label_)
        name = " ".join(span.text.split()).strip("#@.,:;!?\"'«»“”()[] ")
        if kind is not None and 1 < len(name) <= MAX_CHARS and name != "RT" and any(c.isalpha() for c in name):
            found[NamedEntity(kind=kind, name=name)] = None
            if len(found) == MAX_ENTITIES:
                break
    return tuple(found)


def _load(model: str) -> Any:
    try:
        import spacy  # noqa: PLC0415 - optional, and a second to load
    except ImportError as error:
        raise NerNotUsable(f"named entities need spaCy, the extra vigie[ner]: {error}") from error
    try:
        pipeline = spacy.load(model, exclude=["parser", "lemmatizer", "morphologizer", "attribute_ruler", "senter"])
    except (OSError, ValueError) as error:
        raise NerNotUsable(
            f"spaCy cannot load {model!r}. Install a model for its version, `python -m spacy download {model}` or a "
            f"package of it that you trust, or name a folder. spaCy says: {str(error).splitlines()[0]}"
        ) from error
    if "ner" not in pipeline.pipe_names:
        raise NerNotUsable(f"the model {model!r} has no named entities; it has {', '.join(pipeline.pipe_names)}")
    return pipeline
