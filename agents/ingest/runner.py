"""Running a source: as a part of another program, or as a command of its own.

ADR: as a command it has the worker's watchdog, which ends it when its event loop is blocked (a disk that does not
answer, a source that loops). The next one goes on from the journal; one that hangs reads nothing, and records no gap,
either. That Kafka takes nothing ends nobody: delivery has limits of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import click

from agents import exits, logs
from agents.ingest.contract import Source, SourceRefused, Sums
from agents.ingest.ingestion import Ingestion
from agents.ingest.pages import pages
from agents.metrics.ingest import IngestMetrics
from agents.settings import Settings
from agents.topics import BrokerUnreachable, TopicProblem
from agents.watchdog import Look, Watchdog, dump_stacks
from schemas.codec import encode_pretty
from schemas.times import to_rfc3339

__all__ = ["deliver", "run_source", "sums_in_words"]

logger = logging.getLogger(__name__)

_TERMINAL_S = 10.0
_LOG_S = 60.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def deliver(
    settings: Settings,
    source: Source,
    *,
    folder: Path | None = None,
    metrics: IngestMetrics | None = None,
    stop: asyncio.Event | None = None,
) -> Sums:
    """Run a source until it ends or ``stop`` is set, and give Kafka what it puts.

    A Kafka that is not there is waited for, while the journal takes what the source says. When the source ends by
    itself, everything is in Kafka when this returns; when it is stopped, or cannot go on, what Kafka does not take
    within 8 seconds stays in the journal, for the next run.

    Parameters
    ----------
    settings : Settings
        Broker, topic, and where journals are.
    source : Source
        Where from.
    folder : Path, optional
        Of the journal; by default ``ingest_dir`` and the name of the source.
    metrics : IngestMetrics, optional
        Where it is told.
    stop : asyncio.Event, optional
        Set it to stop.

    Returns
    -------
    Sums
        What became of the posts.

    Raises
    ------
    SourceRefused
        The source or the folder cannot be used as configured, or another process uses the folder.
    BrokerRefused, TopicProblem
        Kafka is there and will not take anything from us.
    """
    ingestion = Ingestion(settings, source, folder=folder, metrics=metrics)
    return await ingestion.run(asyncio.Event() if stop is None else stop)


def run_source(source: Source, settings: Settings, *, as_json: bool = False) -> NoReturn:
    """Run a source as a command: log, pages, status lines; until it ends, or until SIGTERM or Ctrl-C.

    Prints the sums at the end, and exits: 0 done or stopped, 78 something is configured wrongly, 70 a bug; 71, without
    the sums, when its event loop was blocked. Whatever it is, what is not in Kafka by then is in the journal.
    """
    logs.configure(settings.log_level, settings.log_format, f"ingest-{source.name}")
    sys.exit(asyncio.run(_run(source, settings, as_json=as_json)))


async def _run(source: Source, settings: Settings, *, as_json: bool) -> int:
    metrics, stop = IngestMetrics(), asyncio.Event()
    ingestion = Ingestion(settings, source, metrics=metrics)
    code = exits.OK
    with _stopped_by_signals(stop), _watched(settings.stuck_after_s):
        async with pages(settings, metrics, ingestion.status):
            telling = asyncio.create_task(_tell(ingestion))
            try:
                await ingestion.run(stop)
            except (BrokerUnreachable, SourceRefused) as exc:
                logs.say(str(exc))
                code = exc.exit_code
            except TopicProblem as exc:
                logs.say(str(exc))
                code = exits.CONFIG
            except Exception as exc:  # noqa: BLE001 - whatever it is, the sums are told and the journal is closed
                logs.say(f"a bug in {source.name}, or in what delivers it: {logs.stack_of(exc)}")
                code = exits.BUG
            finally:
                telling.cancel()
    click.echo((sums_as_json if as_json else sums_in_words)(source.name, ingestion.sums))
    return code


def sums_as_json(name: str, sums: Sums) -> str:
    """Return the sums for programs."""
    told: dict[str, Any] = asdict(sums)
    told["gaps"] = [
        {"start_ms": missing.start_ms, "end_ms": missing.end_ms, "reason": reason, "posts": posts}
        for missing, reason, posts in sums.gaps
    ]
    return encode_pretty({"source": name, **told}).decode().rstrip()


def sums_in_words(name: str, sums: Sums) -> str:
    """Return the sums for people: a line, and one for each gap."""
    left = f"{sums.left:,} left from before, " if sums.left else ""
    lines = [f"{name}: {left}{_counts(sums, sums.waiting)}"]
    for missing, reason, posts in sums.gaps:
        count = "" if posts is None else f", {posts:,} posts"
        lines.append(f"  gap {to_rfc3339(missing.start_ms)} to {to_rfc3339(missing.end_ms)} ({reason}{count})")
    return "\n".join(lines)


def _counts(sums: Sums, waiting: int) -> str:
    return (
        f"{sums.put:,} put, {sums.stored:,} stored, {waiting:,} waiting, {sums.dropped:,} dropped, "
        f"{len(sums.gaps):,} gaps"
    )


async def _tell(ingestion: Ingestion) -> None:
    """Say how it is going: each ten seconds on a terminal, each minute in a log."""
    on_terminal = sys.stderr.isatty()
    while True:
        await asyncio.sleep(_TERMINAL_S if on_terminal else _LOG_S)
        now, sums = ingestion.status(), ingestion.sums
        words = f"{now.source}: {_counts(sums, now.waiting)}{'; Kafka does not take posts' if now.holding else ''}"
        if on_terminal:
            click.echo(words, err=True)
        else:
            logger.info("%s", words)


@contextlib.contextmanager
def _watched(limit_s: float) -> Iterator[None]:
    """End the process, saying in what, when the event loop is blocked."""
    loop = asyncio.get_running_loop()

    def bite(reason: str) -> NoReturn:
        dump_stacks(loop)
        logs.say(f"stuck, see the stacks above: {reason}")
        sys.stderr.flush()
        os._exit(exits.STUCK)

    watchdog = Watchdog(limit_s, _look, bite)
    watchdog.start()
    patrol = asyncio.create_task(watchdog.patrol())
    try:
        yield
    finally:
        watchdog.stop()
        patrol.cancel()


async def _look() -> Look:
    return Look(progress=0, has_work=False, excused=True)


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Stop at the first signal; a second one of the same kind ends the process as it would without us."""
    loop = asyncio.get_running_loop()

    def told(number: signal.Signals) -> None:
        logger.info("%s: stopping; what Kafka does not take now waits in the journal", number.name)
        loop.remove_signal_handler(number)
        stop.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, told, number)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
