"""The evaluations that the page tells of: each a command of its own that prints JSON."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.codec import JSONDecodeError, decode

__all__ = ["Part", "Question", "questions", "run"]

_WATCHLIST = Path("deploy") / "examples" / "airlines.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An evaluation to be run."""

    name: str
    command: tuple[str, ...]
    """``vigie`` and ``python`` are those of this interpreter's environment."""
    needs: tuple[Path, ...] = ()
    """Without these it cannot be run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What came of it."""

    name: str
    command: str
    found: dict[str, Any] | None
    problem: str | None = None
    """Why nothing was found, in a sentence."""


def questions(data: Path, *, days: int, brands: int, processes: int) -> tuple[Question, ...]:
    """Return all evaluations.

    Parameters
    ----------
    data : Path
        Holds ``nab/`` and ``airline/``.
    days, brands, processes : int
        Of the simulated year.
    """
    tweets, events = data / "airline" / "Tweets.csv", data / "airline" / "known_events.json"
    onset = ("vigie", "eval", "onset", str(tweets), "--events", str(events), "--watchlist", str(_WATCHLIST))
    year = ("python", "-m", "tests.bench.quietyear", "--rules", "--days", str(days), "--brands", str(brands))
    return (
        Question(
            name="nab",
            command=("vigie", "eval", "nab", str(data / "nab")),
            needs=(data / "nab" / "data",),
        ),
        Question(name="onset", command=onset, needs=(tweets, events, _WATCHLIST)),
        Question(name="year", command=(*year, "--processes", str(processes))),
    )


def run(question: Question) -> Part:
    """Run one evaluation; what goes wrong becomes its problem."""
    found, problem = _answer(question)
    return Part(name=question.name, command=shlex.join(question.command), found=found, problem=problem)


def _answer(question: Question) -> tuple[dict[str, Any] | None, str | None]:
    absent = [str(path) for path in question.needs if not path.exists()]
    if absent:
        return None, f"Its data is not there: {', '.join(absent)}."
    program, *arguments = question.command
    path = sys.executable if program == "python" else str(Path(sys.executable).with_name(program))
    try:
        done = subprocess.run([path, *arguments], capture_output=True, check=False)
    except OSError as error:
        return None, f"{path} cannot be run: {error.strerror}."
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return None, f"It ended with exit code {done.returncode}: {said[-1] if said else 'it said nothing'}"
    try:
        found = decode(done.stdout)
    except JSONDecodeError:
        return None, "It printed something that is not JSON."
    return (found, None) if isinstance(found, dict) else (None, "It printed JSON that is not an object.")
