"""Files that grow, as a source without an end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.ingest.contract import Outlet
from agents.ingest.sources.file.passing import Passing
from agents.ingest.sources.file.place import Followed, absolute, cursor_of, reading_in
from agents.ingest.sources.file.tail import Tail
from pipeline.archive import line_reader

__all__ = ["FollowSource"]

_POLL_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowSource:
    """Reads lines as they are written to files, and goes on where the last run stopped."""

    paths: Sequence[Path]
    """What is followed; files that are not there yet are waited for."""
    mapping: Mapping[str, str] | None = None
    """Our field -> key of their objects, where they are no tweets."""
    from_beginning: bool = False
    """Whatever the last run has read."""
    name: str = "file"

    async def run(self, outlet: Outlet) -> None:
        """Read until cancelled."""
        run = None if self.from_beginning else reading_in(outlet.resumed.cursor)
        known = run.places if isinstance(run, Followed) else {}
        tails = {(key := absolute(path)): Tail(path, known.get(key)) for path in self.paths}
        passing, to_record = Passing(outlet), line_reader(self.mapping)
        try:
            while True:
                came = False
                for tail in tails.values():
                    before = _cursor(tails)
                    if lines := await asyncio.to_thread(tail.read):
                        came = True
                        places = _Places(before, _cursor(tails), len(lines))
                        await passing.take(map(to_record, lines), places.cursor)
                if not came:
                    await asyncio.sleep(_POLL_S)
        finally:
            for tail in tails.values():
                tail.close()


@dataclass(frozen=True, slots=True)
class _Places:
    before: str
    after: str
    lines: int

    def cursor(self, passed: int) -> str:
        """Return where to go on: a run that stops in between reads all of these lines again."""
        return self.after if passed == self.lines else self.before


def _cursor(tails: Mapping[str, Tail]) -> str:
    return cursor_of(Followed(places={key: place for key, tail in tails.items() if (place := tail.place) is not None}))
