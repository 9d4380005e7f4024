"""A file of feedback: a record a line, as ``vigie feedback log`` prints it."""

from __future__ import annotations

from pathlib import Path

from pipeline.archive.source import Source, lines
from pipeline.feedback.records import problem_of
from schemas.feedback import Feedback
from schemas.reading import SchemaError, read_feedback

__all__ = ["read_log"]


def read_log(path: Path) -> list[Feedback]:
    """Read a file of feedback (JSON lines, also .gz), in its order.

    Raises
    ------
    ArchiveError
        The file cannot be read.
    SchemaError
        A line is no feedback; the message names it.
    """
    found: list[Feedback] = []
    with Source(path, None).open() as stream:
        for number, line in enumerate(lines(stream), 1):
            try:
                feedback = read_feedback(line)
            except SchemaError as error:
                raise SchemaError(f"{path}, line {number}: no feedback: {error}") from error
            if problem := problem_of(feedback):
                raise SchemaError(f"{path}, line {number}: no feedback: {problem}")
            found.append(feedback)
    return found
