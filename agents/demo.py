"""The demo: embedded broker, one worker, a seeded scenario, and a report at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.embedded import EmbeddedBroker
from agents.feed import feed
from agents.processes import role_environment
from agents.reading import read_topic
from agents.reports import Edition, crisis_records, window_records, write_report
from agents.settings import Settings, load_settings
from agents.topics import create_topics
from pipeline.archive import ArchiveRecord, read
from pipeline.bucket import BUCKET_MS
from pipeline.formats import parse
from pipeline.replay import CRISES_FILE, WINDOWS_FILE
from pipeline.simulate import Truth, default_scenario, write
from pipeline.watchlist import Watchlist
from schemas.codec import decode
from schemas.reading import read_crisis_record, read_window
from schemas.situation import CrisisRecord
from schemas.times import from_rfc3339

__all__ = ["DemoError", "DemoResult", "run_demo"]

_PARTITIONS = 2
_LIMIT_S = 600.0
"""A machine that is busy with other work takes minutes for what takes half a minute."""


class DemoError(Exception):
    """The demo could not finish; the message says why and where the log is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What the demo saw."""

    tweets: int
    windows: int
    records: list[CrisisRecord]
    """What is on the crises topic, in order within each brand, each once."""
    names: dict[str, str]
    """How brands are called, by key."""
    report: Path


def run_demo(
    out_dir: Path, *, seed: int, lang: str, say: Callable[[str], None], on_crisis: Callable[[CrisisRecord], None]
) -> DemoResult:
    """Run the whole pipeline live on simulated tweets and write ``report.html``.

    Parameters
    ----------
    out_dir : Path
        Where simulation, results, log and report go.
    seed : int
        Of the scenario.
    lang : str
        Language of the report.
    say : callable
        Takes a line of progress.
    on_crisis : callable
        Takes each record of the crises topic as it is published.

    Raises
    ------
    DemoError
        A worker ended early, or the results did not come in time.
    agents.embedded.EmbeddedBrokerError
        The embedded broker is not installed or does not start.
    """
    say("writing five days of talk about four brands, with a truth to compare with")
    write(default_scenario(seed=seed), out_dir)
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker())
        say(f"embedded Kafka broker: {broker.bootstrap}")
        settings = _settings(broker.bootstrap, out_dir)
        asyncio.run(create_topics(settings, raw_partitions=_PARTITIONS, partitions=_PARTITIONS, replication=1))
        worker = stack.enter_context(_worker(settings, out_dir / "worker.log"))
        return asyncio.run(_watch(settings, out_dir, worker, lang, say, on_crisis))


def _settings(bootstrap: str, out_dir: Path) -> Settings:
    return load_settings(
        brokers=bootstrap,
        watchlist=out_dir / "watchlist.toml",
        data_dir=out_dir / "faust",
        idempotent_producer=False,
        # The embedded broker answers a join after half of these: short ones start fast.
        rebalance_timeout_s=2.0,
        session_timeout_s=3.0,
        idle_timeout_s=3.0,
        web_port=0,
        log_level="WARNING",
    )


@contextlib.contextmanager
def _worker(settings: Settings, log_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "agents.cli.run", "worker"]
    with log_path.open("wb") as log:
        child = subprocess.Popen(command, env=role_environment(settings), stdout=log, stderr=log)  # noqa: S603
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(20)
            if child.poll() is None:
                os.kill(child.pid, signal.SIGKILL)


async def _watch(
    settings: Settings,
    out_dir: Path,
    worker: subprocess.Popen[bytes],
    lang: str,
    say: Callable[[str], None],
    on_crisis: Callable[[CrisisRecord], None],
) -> DemoResult:
    truth: Truth = decode((out_dir / "truth.json").read_bytes())
    say("worker started; feeding the tweets")
    shown = asyncio.create_task(_crises(settings, on_crisis))
    guard = asyncio.create_task(_guard(worker, out_dir / "worker.log"))
    try:
        async with asyncio.timeout(_LIMIT_S):
            fed = asyncio.create_task(_feed(settings, out_dir))
            await _first_of(fed, guard, shown)
            newest_ms, tweets = fed.result()
            say(f"{tweets:,} tweets written; waiting until every window is closed")
            until_ms = (newest_ms - settings.engine().allowed_lateness_ms) // BUCKET_MS * BUCKET_MS
            closed = asyncio.create_task(
                _windows(settings, out_dir / WINDOWS_FILE, until_ms, len(truth["brands"]), say)
            )
            await _first_of(closed, guard, shown)
            windows = closed.result()
            payloads = await _all_crises(settings)
    except TimeoutError as exc:
        raise DemoError(f"no end after {_LIMIT_S:.0f} s; the worker's log: {out_dir / 'worker.log'}") from exc
    finally:
        for task in (shown, guard):
            task.cancel()
        await asyncio.gather(shown, guard, return_exceptions=True)
    (out_dir / CRISES_FILE).write_bytes(b"".join(payload + b"\n" for payload in payloads))
    say("drawing the report")
    report = out_dir / "report.html"
    names = {key: brand.name for key, brand in Watchlist.load(settings.watchlist).brands.items()}
    edition = Edition(title="Vigie demo", generated_from="vigie demo", lang=lang, truth=truth, names=names)
    write_report(report, window_records(out_dir / WINDOWS_FILE), crisis_records(out_dir / CRISES_FILE), edition)
    found = {record.id: record for record in map(read_crisis_record, payloads)}
    return DemoResult(tweets=tweets, windows=windows, records=list(found.values()), names=names, report=report)


async def _feed(settings: Settings, out_dir: Path) -> tuple[int, int]:
    """Write the tweets to the broker; return the newest event time, epoch milliseconds, and their number."""
    newest_ms = 0

    def noting_time() -> Iterator[ArchiveRecord]:
        nonlocal newest_ms
        for record in read(out_dir / "tweets.jsonl"):
            for tweet in parse(record.value, max_bytes=settings.max_record_bytes).tweets:
                newest_ms = max(newest_ms, tweet.created_at_ms)
            yield record

    count = await feed(settings, noting_time())
    return newest_ms, count


async def _crises(settings: Settings, on_crisis: Callable[[CrisisRecord], None]) -> None:
    """Show the records of the crises topic as they come, until cancelled."""
    async with aclosing(read_topic(settings, settings.topics.crises, from_beginning=True, follow=True)) as records:
        async for record in records:
            on_crisis(read_crisis_record(record.value))


async def _windows(settings: Settings, path: Path, until_ms: int, brands: int, say: Callable[[str], None]) -> int:
    """Write the windows topic to a file until every brand's last window has come; return their number."""
    count, finished, days = 0, set(), set()
    with path.open("wb") as file:
        records = read_topic(settings, settings.topics.windows, from_beginning=True, follow=True)
        async with aclosing(records):
            async for record in records:
                count += 1
                file.write((record.value or b"") + b"\n")
                window = read_window(record.value)
                if (day := window.window_end[:10]) not in days:
                    days.add(day)
                    say(f"windows of {day}")
                if from_rfc3339(window.window_end) >= until_ms:
                    finished.add(window.brand)
                    if len(finished) == brands:
                        break
    return count


async def _all_crises(settings: Settings) -> list[bytes]:
    """Return the payloads on the crises topic, as it is now, in order within each brand."""
    records = [
        record async for record in read_topic(settings, settings.topics.crises, from_beginning=True, follow=False)
    ]
    return [record.value for record in records if record.value is not None]


async def _first_of(wanted: asyncio.Task[Any], *others: asyncio.Task[None]) -> None:
    """Wait for a task; the others never end well before it, so whichever ends first raises its error here."""
    await asyncio.wait({wanted, *others}, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        if task.done():
            wanted.cancel()
            task.result()
    await wanted


async def _guard(worker: subprocess.Popen[bytes], log: Path) -> None:
    """Raise when the worker ends before the demo does."""
    # Polled: a thread in wait() would outlive the cancellation of this task.
    while worker.poll() is None:  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    raise DemoError(f"the worker ended with exit code {worker.returncode}; the end of {log}:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
