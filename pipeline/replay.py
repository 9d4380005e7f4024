"""Replay: the live engine over a file. What it writes is what the agents publish for the same log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

from pipeline.archive import ArchiveRecord
from pipeline.engine import Engine, EngineStep
from pipeline.records import Record
from schemas.codec import encode_line
from schemas.crisis import CrisisEvent
from schemas.situation import CommunicationOverdue, Situation
from schemas.window import Level, WindowClosed

__all__ = ["CRISES_FILE", "DEADLETTERS_FILE", "WINDOWS_FILE", "ReplaySummary", "replay"]

WINDOWS_FILE = "windows.jsonl"
CRISES_FILE = "crises.jsonl"
DEADLETTERS_FILE = "deadletters.jsonl"

_CHUNK = 1000


@dataclass(slots=True, kw_only=True)
class ReplaySummary:
    """What a replay read and found."""

    counts: Counter[str] = field(default_factory=Counter)
    """As :class:`pipeline.enrich.Enriched` counts, plus mentions and deadletters."""
    windows: int = 0
    crisis_events: int = 0
    situations: int = 0
    peaks: dict[str, Level] = field(default_factory=dict)
    """Highest level of each crisis, by crisis ID, in order of opening."""

    def by_level(self) -> dict[int, int]:
        """Return how many crises peaked at each level."""
        return dict(sorted(Counter(int(level) for level in self.peaks.values()).items()))


class _Writer:
    """Writes what the engine says to three files, which appear whole or not at all."""

    def __init__(self, out_dir: Path) -> None:
        out_dir.mkdir(parents=True, exist_ok=True)
        self._paths = [out_dir / name for name in (WINDOWS_FILE, CRISES_FILE, DEADLETTERS_FILE)]
        self.summary = ReplaySummary()

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        windows, crises, letters = (
            self._stack.enter_context(path.with_suffix(".part").open("wb")) for path in self._paths
        )
        self._windows: BinaryIO = windows
        self._crises: BinaryIO = crises
        self._letters: BinaryIO = letters
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stack.close()
        for path in self._paths:
            part = path.with_suffix(".part")
            if kind is None:
                part.replace(path)
            else:
                part.unlink(missing_ok=True)

    def write(self, step: EngineStep) -> None:
        summary = self.summary
        summary.counts.update(step.enriched.counts)
        summary.counts["mentions"] += len(step.enriched.mentions)
        summary.counts["deadletters"] += len(step.enriched.rejected)
        for rejected in step.enriched.rejected:
            letter = {
                "offset": rejected.record.offset,
                "reason": rejected.reason.value,
                "message": rejected.message,
            }
            self._letters.write(encode_line(letter))
        for event in step.events:
            match event:
                case WindowClosed():
                    summary.windows += 1
                    self._windows.write(encode_line(event))
                case CrisisEvent():
                    summary.crisis_events += 1
                    summary.peaks[event.crisis_id] = event.peak_level
                    self._crises.write(encode_line(event))
                case Situation() | CommunicationOverdue():
                    summary.situations += isinstance(event, Situation)
                    self._crises.write(encode_line(event))


def replay(
    engine: Engine, archive: Iterable[ArchiveRecord], out_dir: Path, *, read_at_ms: int
) -> Iterator[ReplaySummary]:
    """Run the engine over an archive and write ``windows.jsonl``, ``crises.jsonl``, ``deadletters.jsonl``.

    A generator, so that the caller can draw progress: it yields the running summary after each chunk, and
    a last time when the files are complete.

    Parameters
    ----------
    engine : Engine
        Fresh.
    archive : iterable of ArchiveRecord
        In the order of the log.
    out_dir : Path
        Made when missing; files of an earlier replay are replaced.
    read_at_ms : int
        The records' timestamp, epoch milliseconds: what a broker would have stamped on them now. Tweets
        dated beyond it are in the future.
    """
    with _Writer(out_dir) as writer:
        records = (Record(offset, read_at_ms, item.key, item.value) for offset, item in enumerate(archive))
        while chunk := list(islice(records, _CHUNK)):
            writer.write(engine.process(chunk))
            yield writer.summary
        writer.write(engine.finish())
    yield writer.summary
