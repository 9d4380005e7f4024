"""Replay: the live engine over a file. What it writes is what the agents publish for the same log.

A compliance message in the log holds for all of it, wherever it stands: no line names a post that must be named no
more. Live, when a post is taken out depends on when the message was read, and what is published until then may name
others in its place; counts, levels and times are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

from pipeline.archive import ArchiveRecord
from pipeline.authorhash import AuthorHasher
from pipeline.engine import Engine, EngineStep
from pipeline.erasure import Wanted, erasure_of, redacted
from pipeline.records import Record
from schemas.codec import encode_line
from schemas.crisis import CrisisEvent
from schemas.mention import Erasure
from schemas.reading import read_crisis_record
from schemas.situation import CommunicationOverdue, Situation
from schemas.window import Level, WindowClosed

__all__ = ["CRISES_FILE", "DEADLETTERS_FILE", "WINDOWS_FILE", "ReplaySummary", "replay"]

WINDOWS_FILE = "windows.jsonl"
CRISES_FILE = "crises.jsonl"
DEADLETTERS_FILE = "deadletters.jsonl"

_CHUNK = 1000
_MOST_LATE = 1000


@dataclass(slots=True, kw_only=True)
class ReplaySummary:
    """What a replay read and found."""

    counts: Counter[str] = field(default_factory=Counter)
    """As :class:`pipeline.enrich.Enriched` counts, plus mentions and deadletters."""
    windows: int = 0
    crisis_events: int = 0
    situations: int = 0
    late: list[tuple[int, int]] = field(default_factory=list)
    """Times, epoch milliseconds, of which it was known too late that input is missing; the first 1,000."""
    peaks: dict[str, Level] = field(default_factory=dict)
    """Highest level of each crisis, by crisis ID, in order of opening."""

    def by_level(self) -> dict[int, int]:
        """Return how many crises peaked at each level."""
        return dict(sorted(Counter(int(level) for level in self.peaks.values()).items()))


class _Writer:
    """Writes what the engine says to three files, which appear whole or not at all."""

    def __init__(self, out_dir: Path, hasher: AuthorHasher) -> None:
        out_dir.mkdir(parents=True, exist_ok=True)
        self._hasher = hasher
        self._erasures: list[Erasure] = []
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
        room = _MOST_LATE - len(summary.late)
        summary.late += [(part.start_ms, part.end_ms) for part in step.enriched.missed[:room]]
        for record, parsed in step.enriched.notices:
            asked = (
                erasure_of(notice, self._hasher, notice.time_ms or record.timestamp or 0)
                for notice in parsed.compliance
            )
            self._erasures += [erasure for erasure in asked if erasure is not None]
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

    def redact(self) -> None:
        """Write the crises again, without posts that must be named no more."""
        if not self._erasures:
            return
        self._crises.close()
        part = self._paths[1].with_suffix(".part")
        wanted = Wanted.by(self._erasures)
        lines = part.read_bytes().splitlines(keepends=True)
        with part.open("wb") as crises:
            for line in lines:
                record = read_crisis_record(line)
                left = redacted(record, wanted.tweet_ids, wanted.authors)
                crises.write(line if left is record else encode_line(left))


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
    with _Writer(out_dir, AuthorHasher(engine.enricher.settings.author_key)) as writer:
        records = (Record(offset, read_at_ms, item.key, item.value) for offset, item in enumerate(archive))
        while chunk := list(islice(records, _CHUNK)):
            writer.write(engine.process(chunk))
            yield writer.summary
        writer.write(engine.finish())
        writer.redact()
    yield writer.summary
