"""A stand-in for spaCy, with one model that knows some names and one that knows none."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

LABELS = {"Macron": "PER", "Ghosn": "PERSON", "EDF": "ORG", "Lyon": "LOC", "Paris": "GPE", "lundi": "DATE", "!": "ORG"}


class Pipeline:
    """Finds the words it knows. Remembers the texts it was given."""

    meta = {"lang": "fr", "name": "stand_in", "version": "1.2"}  # noqa: RUF012 - as spaCy has it

    def __init__(self, parts: Sequence[str]) -> None:
        self.pipe_names = parts
        self.texts: list[str] = []

    def pipe(self, texts: Iterable[str], batch_size: int) -> Iterator[Any]:
        for text in texts:
            self.texts.append(text)
            yield SimpleNamespace(
                ents=[SimpleNamespace(label_=LABELS[word], text=word) for word in text.split() if word in LABELS]
            )


def install_spacy(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """Put the stand-in where `import spacy` finds it, and return the model ``stand_in``."""
    made = Pipeline(["tok2vec", "ner"])

    def load(model: str, exclude: Sequence[str]) -> Pipeline:
        match model:
            case "stand_in":
                return made
            case "blank":
                return Pipeline(["tok2vec"])
            case _:
                raise OSError(f"[E050] Can't find model '{model}'.\nMore lines.")

    spacy = ModuleType("spacy")
    monkeypatch.setattr(spacy, "load", load, raising=False)
    monkeypatch.setitem(sys.modules, "spacy", spacy)
    return made
