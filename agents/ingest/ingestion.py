"""One source at work: the source, the journal and the delivery beside each other, from the start to the sums."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from pathlib import Path
from typing import Any

from agents.ingest.contract import Source, SourceRefused, Sums
from agents.ingest.delivery import Delivery
from agents.ingest.files import FolderInUse
from agents.ingest.journal import Journal
from agents.ingest.outlet import JournalOutlet
from agents.ingest.pages import IngestStatus
from agents.metrics.ingest import IngestMetrics
from agents.settings import Settings

__all__ = ["Ingestion"]

logger = logging.getLogger(__name__)

_TICK_S = 1.0
_SOURCE_STOP_S = 5.0
"""How long a source may take to stop."""
_LAST_DELIVERY_S = 8.0
"""How long what is there may take to get to Kafka, when we are to stop. The rest is for the next run."""
_NAME = re.compile(r"[a-z0-9-]{1,40}")


class Ingestion:
    """Reads a source into Kafka. Runs once.

    Parameters
    ----------
    settings : Settings
        Where to, and within which bounds.
    source : Source
        Where from.
    folder : Path, optional
        Of the journal; by default one named after the source in `ingest_dir`.
    metrics : IngestMetrics, optional
        Where it is told; nobody hears of it when left out.
    """

    def __init__(
        self, settings: Settings, source: Source, *, folder: Path | None = None, metrics: IngestMetrics | None = None
    ) -> None:
        if not _NAME.fullmatch(source.name):
            raise ValueError(f"the name of a source is lower-case letters, digits and hyphens, not {source.name!r}")
        self.sums = Sums()
        """As of now."""
        self._settings = settings
        self._source = source
        self._folder = settings.ingest_dir / source.name if folder is None else folder
        self._metrics = (IngestMetrics() if metrics is None else metrics).of(source.name)
        self._running = True
        self._journal: Journal | None = None
        self._delivery: Delivery | None = None
        self._saving = asyncio.Lock()
        self._over = asyncio.Event()

    def status(self) -> IngestStatus:
        """Return how it is doing."""
        return IngestStatus(
            source=self._source.name,
            running=self._running,
            waiting=self._waiting(),
            holding=self._delivery is not None and self._delivery.holding,
        )

    async def run(self, stop: asyncio.Event) -> Sums:
        """Run until the source has ended and Kafka has everything, or until told to stop.

        Raises
        ------
        SourceRefused
            The source or the folder cannot be used as configured.
        BrokerRefused, TopicProblem
            Kafka is there, and will not take anything.
        """
        journal = self._journal = await self._opened()
        self.sums.left = journal.queue.waiting
        outlet = JournalOutlet(
            journal,
            self._metrics,
            self.sums,
            max_bytes=self._settings.ingest_spool_bytes,
            max_record_bytes=self._settings.max_record_bytes,
        )
        self._tell_metrics(journal)
        delivery = self._delivery = Delivery(
            self._settings,
            journal,
            self._source.name,
            arrived=outlet.arrived,
            stored=lambda count: self._stored(outlet, count),
            saving=self._saving,
        )
        keeper = asyncio.create_task(self._keep(journal, outlet))
        reading = asyncio.create_task(self._source.run(outlet), name=f"source {self._source.name}")
        delivering = asyncio.create_task(delivery.run(), name="delivery")
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({keeper, reading, delivering, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and _error_of(reading) is None:
                await self._drained(outlet, delivery, {delivering, stopping, keeper})
            await _ended(reading, _SOURCE_STOP_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_DELIVERY_S):
                    await self._drained(outlet, delivery, {delivering, keeper})
        finally:
            await self._close(journal, outlet, delivery, keeper, [reading, delivering, stopping])
        for task in (reading, delivering, keeper):
            if error := _error_of(task):
                raise error
        return self.sums

    async def _opened(self) -> Journal:
        """Return the journal. A long one takes its time: every byte of it is looked at."""
        try:
            return await asyncio.to_thread(
                Journal,
                self._folder,
                max_bytes=self._settings.ingest_spool_bytes,
                of=getattr(self._source, "of", "posts"),
            )
        except FolderInUse as exc:
            raise SourceRefused(
                f"another process reads {self._source.name} into {self._folder}. One is enough; a second one needs a "
                "folder of its own (VIGIE_INGEST_DIR)"
            ) from exc
        except OSError as exc:
            raise SourceRefused(
                f"the journal cannot be kept in {self._folder} ({exc.strerror or exc}): set VIGIE_INGEST_DIR to a "
                "folder that we may write to, on a disk that stays"
            ) from exc

    async def _keep(self, journal: Journal, outlet: JournalOutlet) -> None:
        """See to the journal each second, and when it is told, until all is over."""
        while not self._over.is_set():
            async with self._saving:
                journal.tick()
                if progress := journal.queue.progress:
                    try:
                        await asyncio.to_thread(journal.save, progress)
                    except OSError as exc:
                        journal.queue.failed(exc)
                    else:
                        journal.saved(progress)
                journal.relieve()
            outlet.freed()
            self._tell_metrics(journal)
            await asyncio.sleep(_TICK_S / 20)
            outlet.crowded.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await outlet.crowded.wait()

    def _stored(self, outlet: JournalOutlet, count: int) -> None:
        self.sums.stored += count
        self._metrics.stored.inc(count)
        self.sums.waiting = self._waiting()
        outlet.freed()

    async def _drained(self, outlet: JournalOutlet, delivery: Delivery, unless: set[asyncio.Task[Any]]) -> None:
        """Wait until Kafka has everything, or one of some tasks is done."""
        delivery.empty.clear()
        outlet.arrived.set()
        empty = asyncio.create_task(delivery.empty.wait())
        try:
            await asyncio.wait({empty, *unless}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            empty.cancel()

    async def _close(
        self,
        journal: Journal,
        outlet: JournalOutlet,
        delivery: Delivery,
        keeper: asyncio.Task[None],
        tasks: list[asyncio.Task[Any]],
    ) -> None:
        self._running = False
        for task in tasks:
            await _ended(task, _SOURCE_STOP_S)
        await delivery.close()
        self._over.set()
        outlet.crowded.set()
        await asyncio.wait({keeper})
        journal.close()
        outlet.freed()
        self.sums.waiting = journal.queue.waiting
        self._tell_metrics(journal)

    def _tell_metrics(self, journal: Journal) -> None:
        metrics, queue = self._metrics, journal.queue
        metrics.spool_limit_bytes.set(self._settings.ingest_spool_bytes)
        metrics.spool_bytes.set(queue.waiting_bytes)
        metrics.spool_oldest.set(queue.oldest_s)
        metrics.holding.set(self.status().holding)
        self.sums.waiting = queue.waiting

    def _waiting(self) -> int:
        return 0 if self._journal is None else self._journal.queue.waiting


def _error_of(task: asyncio.Task[Any]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None


async def _ended(task: asyncio.Task[Any], limit_s: float) -> None:
    """Cancel a task that is not done, and wait until it is, for a time."""
    task.cancel()
    _, pending = await asyncio.wait({task}, timeout=limit_s)
    if pending:
        logger.warning("%s has not stopped within %.0f s", task.get_name(), limit_s)
