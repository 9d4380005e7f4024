"""The demo: embedded broker, one worker, a seeded scenario, and a report at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.demo.stage import PARTITIONS, DemoError, child, demo_settings, end_of, ended, first_of
from agents.embedded import EmbeddedBroker
from agents.embedded.process import GuardedProcess
from agents.ingest.runner import deliver
from agents.ingest.sources.file import Records
from agents.reading import read_topic
from agents.reports import Edition, crisis_records, window_records, write_report
from agents.settings import Settings
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

__all__ = ["DemoResult", "run_demo"]

_LIMIT_S = 600.0
"""A machine that is busy with other work takes minutes for what takes half a minute."""


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
        settings = demo_settings(broker.bootstrap, out_dir, out_dir / "watchlist.toml")
        asyncio.run(create_topics(settings, raw_partitions=PARTITIONS, partitions=PARTITIONS, replication=1))
        worker = stack.enter_context(child(settings, ["worker"], out_dir / "worker.log"))
        return asyncio.run(_watch(settings, out_dir, worker, lang, say, on_crisis))


async def _watch(
    settings: Settings,
    out_dir: Path,
    worker: GuardedProcess,
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
            await first_of(fed, guard, shown)
            newest_ms, tweets = fed.result()
            say(f"{tweets:,} tweets written; waiting until every window is closed")
            until_ms = (newest_ms - settings.engine().allowed_lateness_ms) // BUCKET_MS * BUCKET_MS
            closed = asyncio.create_task(
                _windows(settings, out_dir / WINDOWS_FILE, until_ms, len(truth["brands"]), say)
            )
            await first_of(closed, guard, shown)
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

    with TemporaryDirectory() as journal:
        sums = await deliver(settings, Records(records=noting_time()), folder=Path(journal))
    return newest_ms, sums.stored


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


async def _guard(worker: GuardedProcess, log: Path) -> None:
    """Raise when the worker ends before the demo does."""
    await ended(worker)
    raise DemoError(f"the worker ended with exit code {worker.exit_code}; the end of {log}:\n{end_of(log)}")
