"""From the start of an ingester to its sums, however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from subprocess import PIPE

import click
import pytest
from click.testing import CliRunner

from agents import exits
from agents.cli.ingest import ingest
from agents.ingest import sources
from agents.ingest.contract import Gap, Mark, Outlet, Post, SourceRefused, Sums
from agents.ingest.ingestion import Ingestion
from agents.ingest.journal import Journal
from agents.ingest.outlet import JournalOutlet
from agents.ingest.runner import deliver, sums_in_words
from agents.metrics.ingest import IngestMetrics
from agents.settings import Settings
from pipeline.ingest.coverage import Missing
from tests.brokers.base import Broker
from tests.brokers.client import consume_all, create_topics

NOBODY = "127.0.0.1:1"
"""No broker is there."""


class Script:
    name = "script"

    def __init__(self, play: Callable[[Outlet], Awaitable[None]]) -> None:
        self._play = play

    async def run(self, outlet: Outlet) -> None:
        await self._play(outlet)


def post(number: int, size: int = 0) -> Post:
    return Post(b"%d" % number, b"%d" % number + b"." * size)


def settings_in(folder: Path, **others: object) -> Settings:
    return Settings.model_validate({"ingest_dir": folder, "brokers": NOBODY, "web_port": 0, **others})


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end nobody waits for a Kafka that is not there."""
    monkeypatch.setattr("agents.ingest.ingestion._LAST_DELIVERY_S", 0.05)


def waiting_in(folder: Path, name: str = "script") -> int:
    journal = Journal(folder / name, max_bytes=1 << 30)
    journal.close()
    return journal.queue.waiting


# -- ways to end -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_waiting")
async def test_a_kafka_that_is_not_there_keeps_nobody_from_reading_and_what_was_read_waits(tmp_path: Path) -> None:
    stop = asyncio.Event()
    metrics = IngestMetrics()

    async def play(outlet: Outlet) -> None:
        for number in range(50):
            await outlet.put([post(number)])
        await outlet.gap(Missing(1_000, 2_000), "stalled")
        await outlet.gap(Missing(2_000, 3_000), "stalled")
        outlet.mark(9_000, "nine")
        stop.set()
        await asyncio.Event().wait()

    sums = await deliver(settings_in(tmp_path), Script(play), metrics=metrics, stop=stop)
    assert sums == Sums(put=50, waiting=50, gaps=[Gap(Missing(1_000, 3_000), "stalled", None)])
    journal = Journal(tmp_path / "script", max_bytes=1 << 30)
    assert (journal.queue.waiting, journal.mark) == (50, Mark(9_000, "nine"))
    journal.close()
    text = metrics.expose().decode()
    for line in (
        'vigie_ingest_posts_total{source="script"} 50.0',
        'vigie_ingest_stored_total{source="script"} 0.0',
        'vigie_ingest_gaps_total{reason="stalled",source="script"} 2.0',
        'vigie_ingest_gap_seconds_total{reason="stalled",source="script"} 2.0',
        'vigie_ingest_covered_timestamp_seconds{source="script"} 9.0',
    ):
        assert line in text


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("error", [SourceRefused("set VIGIE_X_TOKEN_FILE"), ZeroDivisionError()])
async def test_a_source_that_cannot_go_on_leaves_what_it_read_behind(tmp_path: Path, error: Exception) -> None:
    async def play(outlet: Outlet) -> None:
        await outlet.put([post(1)])
        raise error

    with pytest.raises(type(error)):
        await deliver(settings_in(tmp_path), Script(play))
    assert waiting_in(tmp_path) == 1


@pytest.mark.usefixtures("no_waiting")
async def test_a_source_that_does_not_stop_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("agents.ingest.ingestion._SOURCE_STOP_S", 0.05)
    stop, released = asyncio.Event(), asyncio.Event()

    async def play(outlet: Outlet) -> None:
        await outlet.put([post(1)])
        stop.set()
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    assert (await deliver(settings_in(tmp_path), Script(play), stop=stop)).waiting == 1
    assert "source script has not stopped" in caplog.text
    released.set()


async def test_whoever_is_cancelled_leaves_a_journal_that_can_be_opened_again(tmp_path: Path) -> None:
    put = asyncio.Event()

    async def play(outlet: Outlet) -> None:
        await outlet.put([post(1)])
        put.set()
        await asyncio.Event().wait()

    running = asyncio.create_task(deliver(settings_in(tmp_path), Script(play)))
    await put.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert waiting_in(tmp_path) == 1


async def test_a_folder_that_cannot_be_used_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    async def play(_outlet: Outlet) -> None:
        raise AssertionError

    with pytest.raises(SourceRefused, match="VIGIE_INGEST_DIR"):
        await deliver(settings_in(tmp_path / "file"), Script(play))


def test_a_name_that_is_no_folder_is_a_mistake(tmp_path: Path) -> None:
    source = Script(lambda _outlet: asyncio.sleep(0))
    source.name = "../x"
    with pytest.raises(ValueError, match="lower-case"):
        Ingestion(settings_in(tmp_path), source)


# -- the outlet --------------------------------------------------------------------------------------


def outlet_on(folder: Path, *, max_record_bytes: int = 1 << 20) -> tuple[Journal, JournalOutlet, Sums]:
    journal, sums = Journal(folder, max_bytes=1 << 20), Sums()
    metrics = IngestMetrics().of("x")
    outlet = JournalOutlet(journal, metrics, sums, max_bytes=1 << 20, max_record_bytes=max_record_bytes)
    return journal, outlet, sums


async def test_whoever_waits_for_room_loses_nothing_however_small_the_journal_is(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = settings_in(
        tmp_path,
        brokers=broker.bootstrap,
        topic_prefix=topic_prefix,
        idempotent_producer=broker.kind == "kafka",
        ingest_spool_bytes=1 << 20,
    )
    await create_topics(broker.bootstrap, {settings.topics.raw: 2})

    async def play(outlet: Outlet) -> None:
        for number in range(100):
            await outlet.room()
            await outlet.put([post(number * 100 + index, 500) for index in range(100)])

    sums = await deliver(settings, Script(play))
    assert (sums.put, sums.stored, sums.dropped, sums.gaps) == (10_000, 10_000, 0, [])
    assert len(await consume_all(broker.bootstrap, settings.topics.raw)) == 10_000
    assert sum(path.stat().st_size for path in (tmp_path / "script").iterdir()) <= 1 << 20


async def test_what_is_dropped_is_counted_and_the_sums_hold(tmp_path: Path) -> None:
    journal, outlet, sums = outlet_on(tmp_path)
    outlet.mark(1_000)
    for number in range(100):
        await outlet.put([post(number, 20_000)], 2_000 + number)
    journal.close()
    outlet.freed()
    assert sums.dropped > 40
    assert sums.put == 100 == sums.dropped + journal.queue.waiting
    ((missing, reason, posts),) = sums.gaps
    assert (missing, reason, posts) == (Missing(1_000, 2_100), "spool_full", sums.dropped)


@pytest.mark.usefixtures("no_waiting")
async def test_the_sums_hold_with_a_disk_that_fails_until_the_end_and_with_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> int:
        raise OSError(28, "No space left on device")

    stop = asyncio.Event()

    async def play(outlet: Outlet) -> None:
        outlet.mark(1_000)
        await outlet.put([post(1), post(2)], 2_000)
        outlet.mark(2_000)
        monkeypatch.setattr("agents.ingest.segments.os.pwrite", no_space)
        await outlet.put([post(3), post(4), post(5)], 3_000)
        outlet.mark(3_000)
        stop.set()
        await asyncio.Event().wait()

    sums = await deliver(settings_in(tmp_path), Script(play), stop=stop)
    assert sums == Sums(put=5, waiting=2, dropped=3, gaps=[Gap(Missing(2_000, 3_001), "spool_full", 3)])
    monkeypatch.undo()
    assert waiting_in(tmp_path) == 2


async def test_without_a_time_of_receipt_the_last_mark_is_carried_forward(tmp_path: Path) -> None:
    now = [50.0]
    journal = Journal(tmp_path, max_bytes=1600)
    outlet = JournalOutlet(
        journal, IngestMetrics().of("x"), Sums(), max_bytes=1600, max_record_bytes=1 << 20, clock=lambda: now[0]
    )
    outlet.mark(100_000)
    now[0] = 57.0
    await outlet.put([post(1, 5_000)])
    journal.close()
    (loss,) = journal.losses
    assert (loss.start_ms, loss.end_ms) == (100_000, 100_000 + 7_000 + 10_000 + 1)


async def test_and_by_all_the_time_that_has_passed_when_it_is_repeated(tmp_path: Path) -> None:
    now = [50.0]
    journal = Journal(tmp_path, max_bytes=1600)
    outlet = JournalOutlet(
        journal, IngestMetrics().of("x"), Sums(), max_bytes=1600, max_record_bytes=1 << 20, clock=lambda: now[0]
    )
    for _ in range(8):
        outlet.mark(100_000)
        now[0] += 10.0
    await outlet.put([post(1, 5_000)])
    journal.close()
    (loss,) = journal.losses
    assert (loss.start_ms, loss.end_ms) == (100_000, 100_000 + 80_000 + 10_000 + 1)


async def test_what_is_longer_than_a_record_may_be_is_cut_and_a_key_as_long_as_a_text_is_none(tmp_path: Path) -> None:
    journal, outlet, _ = outlet_on(tmp_path, max_record_bytes=6_400)
    await outlet.put([post(1), Post(b"k" * 600, b"." * 7_000)])
    (entry,) = journal.peek(1 << 20)
    assert entry.item.posts == [post(1), Post(None, b"." * 6_300)]  # type: ignore[union-attr] # these are posts
    journal.close()


# -- as a command ------------------------------------------------------------------------------------

PROGRAM = """
import asyncio, os, sys, threading
from pathlib import Path
from agents.ingest import ingestion
from agents.ingest.contract import Post, SourceRefused
from agents.ingest.runner import run_source
from agents.settings import Settings


class Numbers:
    name = "numbers"

    async def run(self, outlet):
        begin = int(outlet.resumed.cursor or 0)
        for number in range(begin, begin + 1000):
            await outlet.put([Post(b"%d" % number, b"%d" % number)])
            outlet.mark(1_000 + number, str(number + 1))
        print("put", flush=True)
        match sys.argv[1]:
            case "bug":
                raise KeyError("the text of a post")
            case "refused":
                raise SourceRefused("set VIGIE_THAT to this")
            case "block":
                threading.Event().wait()
            case "wait":
                await asyncio.Event().wait()


if not sys.argv[3:]:
    ingestion._LAST_DELIVERY_S = 0.1  # nobody waits for a Kafka that is not there
limit_s = 1.0 if sys.argv[1] == "block" else 120.0
run_source(Numbers(), Settings(ingest_dir=Path(sys.argv[2]), web_port=0, stuck_after_s=limit_s))
"""


async def command(
    folder: Path, what: str, broker: Broker | None = None, prefix: str = ""
) -> asyncio.subprocess.Process:
    env = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
    env["VIGIE_BROKERS"] = NOBODY if broker is None else broker.bootstrap
    env["VIGIE_TOPIC_PREFIX"] = prefix
    env["VIGIE_IDEMPOTENT_PRODUCER"] = str(broker is not None and broker.kind == "kafka")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        what,
        str(folder),
        *(["broker"] if broker else []),
        env=env,
        stdout=PIPE,
        stderr=PIPE,
    )


async def test_after_kill_9_everything_that_was_put_is_there_and_the_next_one_goes_on(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    killed = await command(tmp_path, "wait")
    assert killed.stdout is not None
    assert await killed.stdout.readline() == b"put\n"
    killed.kill()
    await killed.communicate()
    topic = f"{topic_prefix}tweets.raw"
    await create_topics(broker.bootstrap, {topic: 2})
    out, err = await (next_one := await command(tmp_path, "end", broker, topic_prefix)).communicate()
    assert next_one.returncode == exits.OK, err.decode()
    assert b"numbers: 1,000 left from before, 1,000 put, 2,000 stored, 0 waiting, 0 dropped, 0 gaps" in out
    values = sorted(int(record.value or b"") for record in await consume_all(broker.bootstrap, topic))
    assert values == list(range(2_000))


async def test_sigterm_stops_it_and_the_sums_say_what_waits(tmp_path: Path) -> None:
    stopped = await command(tmp_path, "wait")
    assert stopped.stdout is not None
    assert await stopped.stdout.readline() == b"put\n"
    stopped.send_signal(signal.SIGTERM)
    out, err = await stopped.communicate()
    assert stopped.returncode == exits.OK, err.decode()
    assert b"numbers: 1,000 put, 0 stored, 1,000 waiting, 0 dropped, 0 gaps" in out
    assert waiting_in(tmp_path, "numbers") == 1_000


@pytest.mark.parametrize(
    ("what", "code", "words"),
    [
        ("bug", exits.BUG, "KeyError"),
        ("refused", exits.CONFIG, "VIGIE_THAT"),
        ("block", exits.STUCK, "the event loop has been blocked"),
    ],
)
async def test_how_it_ended_is_told_by_its_exit_code(tmp_path: Path, what: str, code: int, words: str) -> None:
    ended = await command(tmp_path, what)
    _, err = await ended.communicate()
    assert ended.returncode == code, err.decode()
    assert words in err.decode()
    assert "the text of a post" not in err.decode()
    assert waiting_in(tmp_path, "numbers") == 1_000


async def test_a_missing_topic_ends_it_with_what_to_do(broker: Broker, topic_prefix: str, tmp_path: Path) -> None:
    ended = await command(tmp_path, "wait", broker, topic_prefix)
    _, err = await ended.communicate()
    assert ended.returncode == exits.CONFIG
    assert "vigie topics create" in err.decode()


def test_the_sums_in_words_name_every_gap() -> None:
    sums = Sums(put=3, stored=1, dropped=2, gaps=[Gap(Missing(1_424_570_400_000, 1_424_570_400_250), "spool_full", 2)])
    assert sums_in_words("x", sums).splitlines() == [
        "x: 3 put, 1 stored, 0 waiting, 2 dropped, 1 gaps",
        "  gap 2015-02-22T02:00:00Z to 2015-02-22T02:00:00.250Z (spool_full, 2 posts)",
    ]


# -- sources -----------------------------------------------------------------------------------------


def test_a_source_that_is_not_installed_is_no_command() -> None:
    assert sources.load_command("nonsense") is None
    assert CliRunner().invoke(ingest, ["nonsense"]).exit_code == 2


def test_a_source_that_cannot_be_loaded_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> click.Command | None:
        if name == "bad":
            raise click.ClickException("cannot be loaded: no module named acme")
        return click.Command("good", short_help="Reads well.")

    monkeypatch.setattr(sources, "names", lambda: ["bad", "good"])
    monkeypatch.setattr(sources, "load_command", load)
    said = CliRunner().invoke(ingest, ["--help"]).output
    assert "no module named acme" in said
    assert "Reads well." in said
