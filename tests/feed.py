"""Records on the input topic, as an ingester puts them there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.ingest.runner import deliver
from agents.ingest.sources.file import Records
from agents.settings import Settings
from pipeline.archive import ArchiveRecord

__all__ = ["feed"]


async def feed(settings: Settings, archive: Iterable[ArchiveRecord], *, speed: float | None = None) -> int:
    """Write records in order to ``tweets.raw`` and return how many, once all are acknowledged."""
    with TemporaryDirectory() as folder:
        sums = await deliver(settings, Records(records=archive, speed=speed), folder=Path(folder))
    assert (sums.waiting, sums.dropped, sums.stored) == (0, 0, sums.put)
    return sums.stored
