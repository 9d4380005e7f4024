"""Training the polarity model: labelled tweets, and a teacher's soft labels where there are some, into tables.

Who the teacher was, this module cannot tell: it is given texts with three probabilities each. It needs scipy,
runs on one core for some minutes, and makes the same bytes of the same data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.text.sentiment.corpus import Corpus, Example, read_corpus
from pipeline.text.sentiment.counting import (
    Counts,
    count,
    gram_features,
    listed_words,
    opinion_features,
    word_features,
)
from pipeline.text.sentiment.features import hashes
from pipeline.text.sentiment.fitting import Block, Floats, fit, sharpen
from pipeline.text.sentiment.model import GROUPS, UNIT, Tables, group_of

__all__ = ["Recipe", "train", "train_tables"]

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What may be turned. The values were chosen by cross-validation on the training tweets."""

    gram_bits: int = 16
    pair_bits: int = 17
    gram_scale: float = 0.3
    """Size of an n-gram's feature: the smaller, the more is left to whole words."""
    listed_scale: float = 2.0
    """Size of a word-list feature."""
    penalty: float = 20.0
    pair_penalty: float = 40.0
    negation_penalty: float = 20.0
    """Of how a word's scores change where a negation reaches it."""
    trust: float = 0.5
    """Share of the teacher in the target of a labelled tweet."""
    importance: tuple[float, float, float] = (1.0, 3.0, 2.0)
    """Weight of a labelled tweet, by group of languages."""
    unlabelled_importance: float = 0.6
    neutral_lean: tuple[float, float, float] = (0.15, 0.0, 0.0)
    """Logarithm of how much commoner neutral is than the other labels in the streams to be read, by group: makes
    the share of negative tweets true at a small price in macro-recall."""
    steps: int = 100
    held_out: int = 5
    """One in so many tweets is left out of a first fit, to learn how sharp probabilities may be; 0 leaves that out."""


def train(
    data_dir: Path, soft_file: Path | None, progress: Progress = lambda _, __: None, recipe: Recipe | None = None
) -> bytes:
    """Return the data file of a model trained on a data folder.

    Parameters
    ----------
    data_dir : Path
        Holds ``sentiment/*_train.jsonl[.gz]`` with rows ``{"text", "label"}``.
    soft_file : Path or None
        Rows ``{"text", "lang", "p": [negative, neutral, positive]}`` of tweets, fragments and single words; may be
        compressed with gzip.
    progress : callable
        Told the name of a stage and the share of it that is done.
    recipe : Recipe or None
        None is the one that the model that comes with Vigie was made by.

    Raises
    ------
    NoTrainingData
        The folder holds no labelled tweets.
    """
    progress("read", 0.0)
    return train_tables(read_corpus(data_dir, soft_file), progress, recipe or Recipe()).to_bytes()


def train_tables(corpus: Corpus, progress: Progress, recipe: Recipe) -> Tables:
    """Train on a corpus."""
    texts = [example.text for example in corpus.examples]
    counts = count(texts, [*listed_words(), *corpus.opinions], recipe.pair_bits, progress)
    problem = _Problem.of(corpus, counts, recipe)
    sharpness, lean = problem.sharpened(recipe, progress)
    return problem.tables(problem.fitted(slice(None), recipe, progress), sharpness, lean, recipe)


_WORDS, _GRAMS, _OPINIONS, _NEGATED, _NEGATED_OPINIONS, _SHAPES, _PAIRS, _GROUPS = range(8)


@dataclass(frozen=True, slots=True)
class _Problem:
    """All that is fitted on."""

    words: tuple[str, ...]
    blocks: tuple[Block, ...]
    targets: Floats
    offsets: Floats
    importance: Floats
    groups: NDArray[np.intp]
    labels: NDArray[np.intp]
    """-1 where there is none."""

    @classmethod
    def of(cls, corpus: Corpus, counts: Counts, recipe: Recipe) -> _Problem:
        """Put matrices, targets and weights together."""
        groups = np.array([group_of(example.lang) for example in corpus.examples], np.intp)
        labels = np.array([-1 if e.label is None else e.label for e in corpus.examples], np.intp)
        priors = {lang: np.log(shares) for lang, shares in corpus.priors().items()}
        offsets = [np.zeros(3) if e.label is None else priors[e.lang] for e in corpus.examples]
        importance = np.where(labels < 0, recipe.unlabelled_importance, np.array(recipe.importance)[groups])
        return cls(
            counts.spellings,
            _blocks(counts, corpus, groups, recipe),
            np.array([_target(example, recipe.trust) for example in corpus.examples], np.float32),
            np.array(offsets, np.float32),
            importance.astype(np.float32),
            groups,
            labels,
        )

    def fitted(self, chosen: slice | NDArray[np.intp], recipe: Recipe, progress: Progress) -> list[Floats]:
        """Return the weights of each block, fitted on some of the texts."""
        rows = np.arange(len(self.targets))[chosen]
        blocks = [block.of(rows) for block in self.blocks]
        return fit(
            blocks,
            self.targets[rows],
            self.offsets[rows],
            self.importance[rows],
            steps=recipe.steps,
            progress=progress,
        )

    def sharpened(self, recipe: Recipe, progress: Progress) -> tuple[Floats, Floats]:
        """Return sharpness and lean by group of languages, learned on tweets that a first fit has not seen."""
        sharpness, lean = np.ones(len(GROUPS)), np.zeros((len(GROUPS), 3))
        if not recipe.held_out:
            return sharpness, lean
        unseen = (np.arange(len(self.labels)) % recipe.held_out == 0) & (self.labels >= 0)
        weights = self.fitted((~unseen).nonzero()[0], recipe, progress)
        for place in range(len(GROUPS)):
            rows = (unseen & (self.groups == place)).nonzero()[0]
            parts = [block.of(rows).scores(weight) for block, weight in zip(self.blocks, weights, strict=True)]
            scores = np.sum(parts, axis=0, dtype=np.float64).reshape(-1, 3)
            sharpness[place], lean[place] = sharpen(scores, self.offsets[rows], self.labels[rows])
        return sharpness, lean

    def tables(self, weights: Sequence[Floats], sharpness: Floats, lean: Floats, recipe: Recipe) -> Tables:
        """Fold all that is known of a word into its row, and round."""
        features = [self.blocks[place].features for place in range(_SHAPES)]
        plain = sum(features[place] @ weights[place] for place in (_WORDS, _GRAMS, _OPINIONS))
        turned = plain + sum(features[place] @ weights[place] for place in (_NEGATED, _NEGATED_OPINIONS))
        names = hashes(self.words)
        order = np.unique(names, return_index=True)[1]
        lean = lean + np.outer(recipe.neutral_lean, (0.0, 1.0, 0.0))
        grams_scale = features[_GRAMS].data[0] if features[_GRAMS].nnz else 1.0
        return Tables(
            word_hashes=names[order],
            word_rows=_rounded(np.concatenate([_centred(plain), _centred(turned)], axis=1)[order]),
            gram_rows=_rounded(_centred(weights[_GRAMS]) * grams_scale),
            shape_rows=_rounded(_centred(weights[_SHAPES])),
            pair_rows=_rounded(_centred(weights[_PAIRS])),
            lean=np.rint(UNIT * (_centred(weights[_GROUPS]) + lean)).astype(np.int32),
            sharpness=np.rint(256 * sharpness).astype(np.int32),
        )


def _target(example: Example, trust: float) -> list[float]:
    if example.label is None:
        return list(example.soft or (1 / 3, 1 / 3, 1 / 3))
    hard = [float(example.label == place) for place in range(3)]
    if example.soft is None:
        return hard
    return [(1 - trust) * one + trust * other for one, other in zip(hard, example.soft, strict=True)]


def _blocks(counts: Counts, corpus: Corpus, groups: NDArray[np.intp], recipe: Recipe) -> tuple[Block, ...]:
    """Return the kinds of features, in the order of the constants above."""
    words = counts.spellings
    seen = int(np.flatnonzero(counts.words.getnnz(axis=0))[-1]) + 1 if counts.words.nnz else 0
    features = word_features(words, seen, recipe.listed_scale)
    grams = gram_features(words, recipe.gram_bits, recipe.gram_scale)
    opinions = opinion_features(words, corpus.opinions)
    group_of = np.eye(len(GROUPS), dtype=np.float32)[groups]
    return (
        Block(counts.words, features, recipe.penalty),
        Block(counts.words, grams, recipe.penalty),
        Block(counts.words, opinions, 1.0),
        Block(counts.negated, features, recipe.negation_penalty),
        Block(counts.negated, opinions, 1.0),
        Block(counts.shapes, None, 1.0),
        Block(counts.pairs, None, recipe.pair_penalty),
        Block(group_of, None, 0.01),
    )


def _centred(scores: Floats) -> Floats:
    centred: Floats = scores - scores.mean(axis=1, keepdims=True)
    return centred


def _rounded(scores: Floats) -> NDArray[np.int16]:
    return np.clip(np.rint(UNIT * scores), -32_000, 32_000).astype(np.int16)
