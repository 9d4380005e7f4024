"""A folder laid out as the NAB repository: ``data/<category>/*.csv``, ``labels/``, ``config/``."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from pipeline.evaluation.nab.names import CorpusError, find
from pipeline.evaluation.nab.scoring import Profile, Truth
from schemas.codec import JSONDecodeError, decode

__all__ = ["Corpus", "CorpusError", "CorpusMissing", "Series"]

_BUCKET_S = 300
_LABELS = Path("labels") / "combined_windows.json"
_PROFILES = Path("config") / "profiles.json"
_CATEGORY = "realTweets"


class CorpusMissing(CorpusError):
    """A file of the corpus is not there or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A data file and its labels."""

    name: str
    """As the labels have it: ``realTweets/Twitter_volume_AAPL.csv``."""
    rows: tuple[tuple[str, str], ...]
    """Time and value as written in the file, in its order."""
    buckets: tuple[tuple[int, float], ...]
    """Epoch minute at which each row's five minutes ended, rounded down, and value."""
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What is to be scored."""

    series: tuple[Series, ...]
    """In order of name."""
    profiles: tuple[Profile, ...]
    without_data: tuple[str, ...]
    """Labelled series that were asked for and have no data file."""

    @staticmethod
    def read(folder: Path, names: Sequence[str] = ()) -> Corpus:
        """Read a corpus.

        Parameters
        ----------
        folder : Path
            Laid out as the NAB repository.
        names : sequence of str
            Series by path, file name, file name without ``.csv`` or, of ``realTweets``, brand; or a category.
            Without names: all of ``realTweets`` that have data.

        Raises
        ------
        CorpusMissing
            A file is not there, or a series that was named has no data.
        CorpusError
            A name is not known, or a file does not hold what it should.
        """
        windows = _windows(folder / _LABELS)
        chosen = find(names, windows) if names else tuple(sorted(n for n in windows if n.startswith(f"{_CATEGORY}/")))
        profiles = _profiles(folder / _PROFILES)
        present = [name for name in chosen if (folder / "data" / name).is_file()]
        if not present:
            where = folder / "data" / (chosen[0] if chosen else _CATEGORY)
            raise CorpusMissing(f"{where}: no such file, and no other series to score; is {folder} laid out as NAB is?")
        return Corpus(
            series=tuple(_series(folder / "data" / name, name, windows[name]) for name in present),
            profiles=profiles,
            without_data=tuple(name for name in chosen if name not in present),
        )


def _series(path: Path, name: str, windows: Sequence[tuple[int, int]]) -> Series:
    header, *lines = _lines(path) or [[]]
    if [cell.strip().lower() for cell in header[:2]] != ["timestamp", "value"]:
        raise CorpusError(f"{path}: line 1 is {','.join(header)!r}; it must be timestamp,value")
    rows = [_row(path, line, row) for line, row in enumerate(lines, start=2) if row]
    if not rows:
        raise CorpusError(f"{path}: has no rows")
    try:
        truth = Truth.mark([time_s for _, _, time_s, _ in rows], windows)
    except ValueError as error:
        raise CorpusError(f"{path}: {error}; data and labels are not of the same benchmark") from error
    return Series(
        name=name,
        rows=tuple((time, value) for time, value, _, _ in rows),
        buckets=tuple(((time_s + _BUCKET_S) // 60, number) for _, _, time_s, number in rows),
        truth=truth,
    )


def _row(path: Path, line: int, row: Sequence[str]) -> tuple[str, str, int, float]:
    """Return time and value as written, and as epoch seconds and number."""
    try:
        time, value = row[:2]
        return time, value, _seconds(time), _finite(value)
    except ValueError as error:
        why = str(error) if len(row) > 1 else f"{row[0]!r} has no value"
        raise CorpusError(f"{path}: line {line}: {why}") from error


def _lines(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file))
    except OSError as error:
        raise CorpusMissing(f"{path}: cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path}: is not CSV: {error}") from error


def _windows(path: Path) -> Mapping[str, list[tuple[int, int]]]:
    found = _json(path)
    if not isinstance(found, dict):
        raise CorpusError(f"{path}: must be an object with a list of windows for each series")
    try:
        return {name: [(_seconds(first), _seconds(last)) for first, last in each] for name, each in found.items()}
    except (TypeError, ValueError) as error:
        raise CorpusError(f"{path}: a window must be [first time, last time]: {error}") from error


def _profiles(path: Path) -> tuple[Profile, ...]:
    try:
        return tuple(
            Profile(
                name=name.removesuffix("_rate"),
                hit=float(profile["CostMatrix"]["tpWeight"]),
                miss=float(profile["CostMatrix"]["fnWeight"]),
                false_alarm=float(profile["CostMatrix"]["fpWeight"]),
            )
            for name, profile in _json(path).items()
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CorpusError(
            f"{path}: a profile must have a CostMatrix of tpWeight, fnWeight, fpWeight: {error!r}"
        ) from error


def _json(path: Path) -> Any:
    try:
        return decode(path.read_bytes())
    except JSONDecodeError as error:
        raise CorpusError(f"{path}: is not JSON: {error}") from error
    except OSError as error:
        raise CorpusMissing(f"{path}: cannot be read: {error.strerror or error}") from error


def _seconds(text: str) -> int:
    """Return epoch seconds; a time without a zone is UTC, and fractions of a second do not count."""
    try:
        time = datetime.fromisoformat(text.strip())
    except (AttributeError, ValueError):
        raise ValueError(f"{text!r} is no time such as 2015-02-26 21:42:53") from None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None
    if not isfinite(value):
        raise ValueError(f"{text!r} is no finite number")
    return value
