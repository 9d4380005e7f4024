"""What polarity is learned from: labelled tweets, and soft labels from whoever gave them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import orjson

from pipeline.text.sentiment.features import reading
from pipeline.text.tokens import clean, tokenize

__all__ = ["BadTrainingData", "Corpus", "Example", "NoTrainingData", "labelled_tweets", "read_corpus"]

Shares = tuple[float, float, float]

_FILES = "*_train.jsonl*"
_LANGUAGES = {
    "arabic": "ar",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "portuguese": "pt",
    "spanish": "es",
}


class NoTrainingData(Exception):
    """The folder holds no labelled tweets."""


class BadTrainingData(Exception):
    """A line is not what training needs; the message names file, line and what was expected."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text to learn from."""

    text: str
    lang: str
    label: int | None
    """0 negative, 1 neutral, 2 positive; none where only a teacher has spoken."""
    soft: Shares | None
    """A teacher's probabilities."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """All there is to learn from."""

    examples: tuple[Example, ...]
    opinions: Mapping[str, Shares]
    """A teacher's probabilities of single words, by spelling as `reading` gives it."""

    def priors(self) -> dict[str, list[float]]:
        """Return the shares of the three labels by language."""
        counts: dict[str, list[float]] = {}
        for example in self.examples:
            if example.label is not None:
                counts.setdefault(example.lang, [1.0, 1.0, 1.0])[example.label] += 1
        return {lang: [count / sum(shares) for count in shares] for lang, shares in counts.items()}


def labelled_tweets(data_dir: Path) -> list[tuple[str, str, int]]:
    """Read the training tweets of a data folder as (text, language, label), in the order of the files.

    Raises
    ------
    NoTrainingData
        There is no ``*_train.jsonl`` or ``.jsonl.gz`` in it or in its folder ``sentiment``.
    BadTrainingData
        A line of one is not ``{"text": …, "label": 0, 1 or 2}``.
    """
    tweets: list[tuple[str, str, int]] = []
    for path in sorted([*data_dir.glob(_FILES), *data_dir.glob(f"sentiment/{_FILES}")]):
        name = path.name.removeprefix("xlmt_").partition("_train")[0]
        lang = _LANGUAGES.get(name, "en")
        tweets += [(text, lang, label) for text, label in _rows(path, _labelled)]
    if not tweets:
        raise NoTrainingData(f"no {_FILES} in {data_dir} or {data_dir / 'sentiment'}")
    return tweets


def read_corpus(data_dir: Path, soft_file: Path | None) -> Corpus:
    """Join labelled tweets with soft labels.

    A soft label of a labelled tweet is joined to it; that of a single word is an opinion of the word; any other is
    an example of its own.

    Raises
    ------
    NoTrainingData, BadTrainingData
        As `labelled_tweets`; also for a soft label that is not ``{"text": …, "lang": …, "p": [three numbers]}``.
    """
    tweets = labelled_tweets(data_dir)
    soft: dict[str, tuple[str, Shares]] = {}
    if soft_file is not None:
        soft = {text: (lang, shares) for text, lang, shares in _rows(soft_file, _soft)}
    examples = [Example(text, lang, label, soft[text][1] if text in soft else None) for text, lang, label in tweets]
    labelled = {text for text, _, _ in tweets}
    opinions: dict[str, Shares] = {}
    for text, (lang, shares) in soft.items():
        if text in labelled:
            continue
        tokens = tokenize(clean(text))
        words = reading(tokens[0]).words if len(tokens) == 1 else ()
        if len(words) == 1:
            opinions.setdefault(words[0], shares)
        else:
            examples.append(Example(text, lang, None, shares))
    return Corpus(tuple(examples), opinions)


def _shares(numbers: Iterable[float]) -> Shares:
    clipped = np.clip(np.array(list(numbers), np.float64), 1e-6, None)
    negative, neutral, positive = (clipped / clipped.sum()).tolist()
    return negative, neutral, positive


def _labelled(row: Any) -> tuple[str, int]:
    text, label = row["text"], row["label"]
    if not isinstance(text, str) or label not in (0, 1, 2):
        raise ValueError
    return text, int(label)


def _soft(row: Any) -> tuple[str, str, Shares]:
    text, lang = row["text"], row["lang"]
    if not isinstance(text, str) or not isinstance(lang, str):
        raise TypeError
    return text, lang, _shares(row["p"])


Row = TypeVar("Row")


def _rows(path: Path, parse: Callable[[Any], Row]) -> Iterator[Row]:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield parse(orjson.loads(line))
                except (KeyError, TypeError, ValueError) as error:
                    raise BadTrainingData(f"{path}: line {number}: {_EXPECTED[parse]}") from error


_EXPECTED: Mapping[Callable[[Any], Any], str] = {
    _labelled: 'expected {"text": "…", "label": 0, 1 or 2}',
    _soft: 'expected {"text": "…", "lang": "en", "p": [negative, neutral, positive]}',
}
