"""The contract of models: good ones pass, and each rule is seen to catch a model that breaks it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
import pytest

from pipeline.text import contract
from pipeline.text.contract import check_language_model, check_sentiment_model, fingerprint
from pipeline.text.models import ModelKind
from tests.pipeline.text.plugins import HOPE, Moods, Tongues

Shares = Sequence[Sequence[float]]


class ByArrays(Moods):
    """A good model that answers with an array."""

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Any:
        lengths = np.array([min(len(text), 280) for text in texts])
        return np.stack([lengths / 560, 0.5 - lengths / 1120, 0.5 - lengths / 1120], axis=1)


def test_a_good_model_breaks_no_rule() -> None:
    assert check_sentiment_model(Moods()) == []
    assert check_sentiment_model(ByArrays()) == []
    assert check_language_model(Tongues()) == []


class Nameless:
    name = " "

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        return [HOPE] * len(texts)


class Unsummed(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        return [[0.5, 0.5, 0.5]] * len(texts)


class Negative(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        return [[-0.5, 1.0, 0.5]] * len(texts)


class Forgetful(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        return [HOPE] * (len(texts) - 1)


class Encodes(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        return [HOPE for text in texts if text.encode() is not None]


class Divides(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        return [[1 / len(text.split()), 1 - 1 / len(text.split()), 0.0] for text in texts]


class Moody(Moods):
    def __init__(self) -> None:
        self._count: Iterator[int] = count()

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        return [[0.5, 0.5, 0.0] if next(self._count) % 7 else HOPE for _ in texts]


class Relative(Moods):
    """Scales by the longest text of the batch."""

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        longest = max(map(len, texts)) or 1
        return [[len(text) / longest, 1 - len(text) / longest, 0.0] for text in texts]


class LastDigit(Moods):
    """Adds up in another way when there are several texts."""

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        return [[0.1 + 0.2, 0.7, 0.0] if len(texts) > 1 else [0.3, 0.7, 0.0] for _ in texts]


class Neighbourly(Moods):
    """Reads a text with the one before it, in batches of odd texts only: alone, each text is its own neighbour."""

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        if len(texts) > 1 and texts[0] != contract.ORDINARY_TEXTS[0]:
            return [[0.5, 0.5, 0.0]] * len(texts)
        return [HOPE] * len(texts)


class EnglishOnly(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        if "ja" in langs:
            raise KeyError("ja")
        return [HOPE] * len(texts)


class Slow(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        for text in texts:
            until = time.process_time() + len(text) / 1_000_000
            while time.process_time() < until:
                pass
        return [HOPE] * len(texts)


class Greedy(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        windows = [[text[at:] for at in range(0, len(text), 10_000)] for text in texts]
        return [HOPE for _ in windows]


class Hoarder(Moods):
    def __init__(self) -> None:
        self._cache: dict[str, list[float]] = {}

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        return [self._cache.setdefault(text, HOPE) for text in texts]


class ShortOnly(Moods):
    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Shares:
        if any(len(text) > 100_000 for text in texts):
            raise ValueError("too long")
        return [HOPE] * len(texts)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (object(), r"the model is a object without a method 'probabilities'"),
        (Nameless(), r"without a `name`"),
        (Unsummed(), r"ordinary texts: .*do not sum to 1"),
        (Negative(), r"ordinary texts: .*below 0 or above 1"),
        (Forgetful(), r"ordinary texts: .*expected 3 probabilities for each of 12 texts"),
        (Encodes(), r"a lone surrogate: .*raised UnicodeEncodeError"),
        (Divides(), r"an empty text: .*raised ZeroDivisionError"),
        (Moody(), r"asked twice, it answers differently"),
        (Relative(), r"a text read alone is not answered as the same text in a batch"),
        (LastDigit(), r"a text read alone is not answered .*to the last digit"),
        (Neighbourly(), r"the order of a batch changes its answers"),
        (EnglishOnly(), r"with the language 'ja': .*raised KeyError"),
        (Slow(), r"a text of 1,000,000 characters takes 1\.\d s of CPU time, more than 1 s"),
        (ShortOnly(), r"a text of 1,000,000 characters: .*raised ValueError"),
        (Greedy(), r"a text of 1,000,000 characters takes \d+ MB of memory, more than 64 MB"),
        (Hoarder(), r"\d MB are kept of 40 long texts"),
    ],
)
def test_each_rule_catches_a_sentiment_model_that_breaks_it(
    model: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(model, Greedy):
        monkeypatch.setattr(contract, "_MOST_BYTES", 32 * 1024 * 1024)
        message = message.replace("64", "32")
    findings = check_sentiment_model(model)
    assert any(re.search(message, finding) for finding in findings), findings


class Believer(Tongues):
    def languages(self, texts: Sequence[str], hints: Sequence[str | None]) -> Sequence[str]:
        return [hint or "und" for hint in hints]


class Verbose(Tongues):
    def languages(self, texts: Sequence[str], hints: Sequence[str | None]) -> Sequence[str]:
        return ["English"] * len(texts)


class Needy(Tongues):
    def languages(self, texts: Sequence[str], hints: Sequence[str | None]) -> Sequence[str]:
        return ["en" if text[0] else "und" for text in texts]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Moods(), r"without a method 'languages'"),
        (Verbose(), r"ordinary texts: .*two or three small letters"),
        (Needy(), r"an empty text: .*raised IndexError"),
        (Believer(), r"with the hint 'pt-BR': .*two or three small letters"),
    ],
)
def test_each_rule_catches_a_language_model_that_breaks_it(model: Any, message: str) -> None:
    findings = check_language_model(model)
    assert any(re.search(message, finding) for finding in findings), findings


def test_every_kind_of_odd_text_is_tried() -> None:
    odd = "".join(contract.ODD_TEXTS.values())
    assert {"\0", "\ud83d", "\u202e", "\u0301", "\x1b", "😡"} <= set(odd)


def test_models_that_answer_alike_have_one_fingerprint() -> None:
    prints = [fingerprint(ModelKind.SENTIMENT, model) for model in (Moods(), Moods(), ByArrays())]
    assert prints[0] == prints[1] != prints[2]
