"""NAB's figures of several detectors: at their best threshold, at that of other series, and as they are shipped."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import combinations
from operator import add
from pathlib import Path, PurePosixPath
from statistics import fmean
from typing import Any

import numpy as np

from pipeline.evaluation.contender import Contender
from pipeline.evaluation.nab.corpus import Corpus, Series
from pipeline.evaluation.nab.scoring import Curve, Floats, Outcome, Profile, Thresholds, Truth, normalised

__all__ = ["DEFAULT_THRESHOLD", "anomaly_scores", "evaluate", "write_results"]

DEFAULT_THRESHOLD = 0.5
"""Where each detector's own threshold lies among the scores that `anomaly_scores` returns."""
_JUST_BELOW = float(np.nextafter(DEFAULT_THRESHOLD, 0.0))


def anomaly_scores(contender: Contender, series: Series) -> Floats:
    """Return a detector's scores of a series as NAB has them: from 0 to 1, its own threshold at 0.5.

    A score s becomes ``s / (s + threshold)``: the order stays.

    Raises
    ------
    Misbehaves
        A score is not a number.
    """
    own = np.fromiter(contender.scores(series.buckets), dtype=np.float64, count=len(series.buckets))
    scaled = np.where(own > 0.0, 1.0 / (1.0 + contender.threshold / np.maximum(own, np.finfo(np.float64).tiny)), 0.0)
    # rounding may not turn a score just below the threshold into an alarm, nor one at it into none
    return np.where(own >= contender.threshold, np.maximum(scaled, 0.5), np.minimum(scaled, _JUST_BELOW))


def evaluate(
    corpus: Corpus, contenders: Sequence[Contender], scores: Mapping[str, Sequence[Floats]]
) -> list[dict[str, Any]]:
    """Return the figures of each detector, in order.

    Parameters
    ----------
    corpus : Corpus
        What was scored.
    contenders : sequence of Contender
        By whom.
    scores : mapping of str to sequence of arrays
        By name of the detector, what `anomaly_scores` returned for each series of the corpus, in order.
    """
    return [_figures(corpus, contender, scores[contender.name]) for contender in contenders]


def _figures(corpus: Corpus, contender: Contender, scores: Sequence[Floats]) -> dict[str, Any]:
    truths = [series.truth for series in corpus.series]
    curves = {
        profile: [Curve(truth, own, profile) for truth, own in zip(truths, scores, strict=True)]
        for profile in corpus.profiles
    }
    return {
        "name": contender.name,
        "rule": contender.rule,
        "default_threshold": contender.threshold,
        "profiles": {profile.name: _of_profile(profile, truths, own) for profile, own in curves.items()},
        "series": {
            series.name: _of_series(series.truth, {profile: own[i] for profile, own in curves.items()})
            for i, series in enumerate(corpus.series)
        },
    }


def _of_profile(profile: Profile, truths: Sequence[Truth], curves: Sequence[Curve]) -> dict[str, Any]:
    thresholds = Thresholds(curves)
    best = thresholds.best()
    return {
        "optimised": _at(profile, truths, [curve.at(best) for curve in curves]) | {"threshold": best},
        "default": _at(profile, truths, [curve.at(DEFAULT_THRESHOLD) for curve in curves]),
        "leave_one_out": _leave_one_out(profile, truths, curves, thresholds),
        "leave_two_out": _leave_two_out(profile, truths, curves, thresholds),
    }


def _at(profile: Profile, truths: Sequence[Truth], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    total = reduce(add, outcomes)
    return {
        "score": _rounded(normalised(total.raw, truths, profile)),
        "windows": sum(truth.windows for truth in truths),
        "hit": total.hit,
        "false_positives": total.false_alarms,
    }


def _leave_one_out(
    profile: Profile, truths: Sequence[Truth], curves: Sequence[Curve], thresholds: Thresholds
) -> dict[str, Any] | None:
    """Score each series at the best threshold of the others; none where there are no others."""
    if len(curves) < 2:
        return None
    return _at(profile, truths, [curve.at(thresholds.best([i])) for i, curve in enumerate(curves)])


def _leave_two_out(
    profile: Profile, truths: Sequence[Truth], curves: Sequence[Curve], thresholds: Thresholds
) -> dict[str, Any] | None:
    """Score each pair of series at the best threshold of the others; pairs without a window have no score."""
    if len(curves) < 3:
        return None
    scores = []
    for pair in combinations(range(len(curves)), 2):
        threshold = thresholds.best(pair)
        raw = sum(curves[i].at(threshold).raw for i in pair)
        score = normalised(raw, [truths[i] for i in pair], profile)
        if score is not None:
            scores.append(score)
    if not scores:
        return None
    return {
        "score": _rounded(fmean(scores)),
        "lowest": _rounded(min(scores)),
        "highest": _rounded(max(scores)),
        "pairs": len(scores),
    }


def _of_series(truth: Truth, curves: Mapping[Profile, Curve]) -> dict[str, Any]:
    """Return one series' figures at the detector's own threshold."""
    outcomes = {profile: curve.at(DEFAULT_THRESHOLD) for profile, curve in curves.items()}
    any_of_them = next(iter(outcomes.values()))
    return {
        "windows": truth.windows,
        "hit": any_of_them.hit,
        "false_positives": any_of_them.false_alarms,
        "score": {
            profile.name: _rounded(normalised(outcome.raw, [truth], profile)) for profile, outcome in outcomes.items()
        },
    }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 2)


def write_results(
    folder: Path,
    corpus: Corpus,
    scores: Mapping[str, Sequence[Floats]],
    wrote: Callable[[Path], None] = lambda _: None,
) -> None:
    """Write the scores in NAB's layout, ``<detector>/<category>/<detector>_<file>.csv``; files there are replaced.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    corpus : Corpus
        Times and values are written as its files have them, row for row.
    scores : mapping of str to sequence of arrays
        As for `evaluate`.
    wrote : callable, optional
        Called with each file.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    for name, of_series in scores.items():
        for series, own in zip(corpus.series, of_series, strict=True):
            path = PurePosixPath(series.name)
            target = folder / name / path.parent / f"{name}_{path.name}"
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(("timestamp", "value", "anomaly_score"))
                writer.writerows((*row, score) for row, score in zip(series.rows, own.tolist(), strict=True))
            wrote(target)
