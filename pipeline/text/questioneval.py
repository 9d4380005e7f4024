"""How well questions are seen: labels by the tweets' IDs, and scores with their intervals.

Labels hold no text: the tweets are read from wherever they are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.text.evaluation import EvaluationError

__all__ = ["QuestionLabel", "read_labels", "score_questions", "wilson"]

_Z_95 = 1.959964
_LISTED = 200
"""IDs of disagreements that are listed at most, of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionLabel:
    """What somebody who read a tweet says of it."""

    tweet_id: str
    asks: bool
    """It asks something and its author could expect an answer."""
    part: str = ""
    """Part of the set that it belongs to; scores are given for each as well."""


def read_labels(lines: Iterable[bytes]) -> list[QuestionLabel]:
    r"""Read labels: lines of an ID, 0 or 1 and, if there are parts, the part's name, with tabs between.

    Blank lines and those that begin with ``#`` are skipped.

    Raises
    ------
    EvaluationError
        A line is not so, or an ID comes twice, or there is none. The message names the line.

    Examples
    --------
    >>> [(label.tweet_id, label.asks) for label in read_labels([b"# a rule\n", b"17\t1\n", b"18\t0\n"])]
    [('17', True), ('18', False)]
    """
    labels: dict[str, QuestionLabel] = {}
    for number, line in enumerate(lines, 1):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text.strip() or text.startswith("#"):
            continue
        fields = text.split("\t")
        if len(fields) not in (2, 3) or not fields[0] or fields[1] not in ("0", "1"):
            raise EvaluationError(f"line {number}: expected an ID, 0 or 1 and perhaps a part, with tabs between")
        if fields[0] in labels:
            raise EvaluationError(f"line {number}: the ID of an earlier line")
        labels[fields[0]] = QuestionLabel(tweet_id=fields[0], asks=fields[1] == "1", part="".join(fields[2:]))
    if not labels:
        raise EvaluationError("no labels; expected an ID and 0 or 1 a line, with a tab between")
    return list(labels.values())


def score_questions(labels: Sequence[QuestionLabel], read: Mapping[str, bool]) -> dict[str, Any]:
    """Score what was read, by ID, against labels.

    Returns
    -------
    dict
        ``n`` labelled tweets that were read and how many are ``missing``; of these, how many were ``asked`` and
        ``said`` to ask; ``precision``, ``recall`` and ``f1``; 95 % intervals of the first two; ``by_part`` where
        labels name parts; IDs ``said_but_not_asked`` and ``asked_but_not_said``, the first of each.
    """
    found = [label for label in labels if label.tweet_id in read]
    scores = _scores(found, read) | {"missing": len(labels) - len(found)}
    parts = sorted({label.part for label in found if label.part})
    if parts:
        scores["by_part"] = {part: _scores([label for label in found if label.part == part], read) for part in parts}
    wrong = [label for label in found if label.asks != read[label.tweet_id]]
    scores["said_but_not_asked"] = [label.tweet_id for label in wrong if not label.asks][:_LISTED]
    scores["asked_but_not_said"] = [label.tweet_id for label in wrong if label.asks][:_LISTED]
    return scores


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a share (Wilson 1927): it stays within 0 and 1 and holds for small numbers.

    >>> wilson(9, 10)
    (0.5958, 0.9821)
    """
    if not whole:
        return None
    share, weight = part / whole, _Z_95**2 / whole
    middle = (share + weight / 2) / (1 + weight)
    half = math.sqrt(weight * (share * (1 - share) + weight / 4)) / (1 + weight)
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def _scores(labels: Sequence[QuestionLabel], read: Mapping[str, bool]) -> dict[str, Any]:
    said = sum(read[label.tweet_id] for label in labels)
    asked = sum(label.asks for label in labels)
    hits = sum(label.asks and read[label.tweet_id] for label in labels)
    return {
        "n": len(labels),
        "asked": asked,
        "said": said,
        "precision": round(hits / said, 4) if said else None,
        "precision_95": wilson(hits, said),
        "recall": round(hits / asked, 4) if asked else None,
        "recall_95": wilson(hits, asked),
        "f1": round(2 * hits / (said + asked), 4) if said + asked else None,
    }
