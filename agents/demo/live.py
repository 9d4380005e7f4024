"""The live demo: embedded broker, one worker, one ingester, and what is seen of it while it goes on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from agents.demo.growing import grow
from agents.demo.intake import Intake, intake_of, sums_in
from agents.demo.stage import PARTITIONS, DemoError, child, demo_settings, end_of, ended
from agents.embedded import EmbeddedBroker
from agents.embedded.probe import LOOPBACK, free_port
from agents.embedded.process import GuardedProcess
from agents.present import watch_topics
from agents.reading import read_topic
from agents.role import Role, ingest_web_port
from agents.settings import Settings
from agents.topics import create_topics
from pipeline.present import Presents
from pipeline.simulate import Brief
from schemas.reading import read_crisis_record
from schemas.situation import CrisisRecord

__all__ = ["IngesterEnded", "LiveDemo", "Screen", "run_live"]

_ASK_S = 1.0
_AWAY_LOOKS = 20
_INGESTER_STOP_S = 16.0
"""It stops its source, and delivers what it has: about 13 s at most."""
_CAUGHT_UP_MS = 20 * 60_000
_LAST_MS = 3 * 60_000
"""The last minutes stay open: nothing later says that they are over."""
_CATCH_UP_S = 240.0
_PLAY_S = 50.0
_QUIET_S = 8.0
"""When nothing has changed for so long, all that was read is worked off: longer than a partition waits to be idle."""

_NOTHING = (
    "nothing to show: no post is about a brand of the watchlist, or none is followed by one some minutes younger, "
    "which says that its minute is over. `vigie replay FILE --watchlist FILE` reads a file to its end"
)


class IngesterEnded(DemoError):
    """The ingester ended by itself, not at the end of a file."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code


class Screen(Protocol):
    """Where it is seen."""

    def say(self, line: str) -> None:
        """Tell something, once."""

    def crisis(self, record: CrisisRecord) -> None:
        """Tell a record of the crises topic, as it comes."""

    def present(self, presents: Presents, intake: Intake) -> None:
        """Show how all brands stand, and the ingester: the same objects' newest state, each second or so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDemo:
    """What is played."""

    source: str
    """Name of the source, as `vigie ingest` knows it."""
    arguments: Sequence[str]
    """What else the command is told."""
    watchlist: Path
    out_dir: Path
    """For logs and what is simulated."""
    talk: Brief | None = None
    """Simulated talk that is written to `file`, which the ingester follows."""
    file: Path | None = None
    seconds: float | None = None
    """Ends after so long; none goes on until it is stopped, or all of a file is worked off."""


def run_live(demo: LiveDemo, screen: Screen) -> str:
    """Play it, and return the ingester's sums in words. Ctrl-C ends it as anything else does.

    Raises
    ------
    DemoError
        The worker ended, or the ingester did and not because its file was over.
    agents.embedded.EmbeddedBrokerError
        The embedded broker is not installed or does not start.
    """
    log = demo.out_dir / "ingest.log"
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker())
        # The broker forgets everything at its end: what would wait in a journal is of no use to the next one.
        journal = Path(stack.enter_context(TemporaryDirectory()))
        settings = demo_settings(broker.bootstrap, demo.out_dir, demo.watchlist)
        asyncio.run(create_topics(settings, raw_partitions=PARTITIONS, partitions=PARTITIONS, replication=1))
        worker = stack.enter_context(child(settings, ["worker"], demo.out_dir / "worker.log"))
        told = demo_settings(
            broker.bootstrap,
            demo.out_dir,
            demo.watchlist,
            web_port=free_port() - len(Role),
            ingest_dir=journal,
            log_level="INFO",
        )
        arguments = ["ingest", demo.source, *demo.arguments]
        with child(told, arguments, log, stop_s=_INGESTER_STOP_S) as ingester:
            screen.say(
                f"an embedded Kafka at {broker.bootstrap}; beside it vigie worker and vigie ingest {demo.source}"
            )
            play = _Play(demo, settings, f"http://{LOOPBACK}:{ingest_web_port(told)}", screen)
            asyncio.run(play.run(worker, ingester))
        return sums_in(log.read_text("utf-8", errors="replace"), demo.source)


class _Play:
    def __init__(self, demo: LiveDemo, settings: Settings, page: str, screen: Screen) -> None:
        self._demo = demo
        self._settings = settings
        self._page = page
        self._screen = screen
        self._stop = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._written = asyncio.Event()
        self._intake = Intake()

    async def run(self, worker: GuardedProcess, ingester: GuardedProcess) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        ends = [self._stop.wait(), self._brands(), self._guard(worker), self._reading(ingester)]
        ends += [] if self._demo.seconds is None else [asyncio.sleep(self._demo.seconds)]
        beside = [self._crises(), self._asking()]
        tasks = {asyncio.create_task(each) for each in ends}
        others = {asyncio.create_task(each) for each in beside}
        if self._demo.talk is not None and self._demo.file is not None:
            others.add(asyncio.create_task(self._talk(self._demo.talk, self._demo.file)))
        try:
            watched = tasks | others
            while not any(task.done() for task in tasks):
                done, watched = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # raises what went wrong
        finally:
            for task in tasks | others:
                task.cancel()
            await asyncio.gather(*tasks, *others, return_exceptions=True)

    async def _talk(self, talk: Brief, file: Path) -> None:
        self._screen.say("simulated talk goes into a file that grows: a day of it at once, then a crisis as it comes")
        await grow(file, talk, self._caught_up, over_s=_PLAY_S)
        self._written.set()

    async def _guard(self, worker: GuardedProcess) -> None:
        await ended(worker)
        log = self._demo.out_dir / "worker.log"
        raise DemoError(f"the worker ended with exit code {worker.exit_code}; the end of {log}:\n{end_of(log)}")

    async def _reading(self, ingester: GuardedProcess) -> None:
        """Return never when the ingester has read its file; what was read is still to be worked off."""
        await ended(ingester)
        if ingester.exit_code:
            log = self._demo.out_dir / "ingest.log"
            raise IngesterEnded(f"the ingester ended; the end of {log}:\n{end_of(log)}", ingester.exit_code)
        self._written.set()
        await asyncio.Event().wait()

    async def _crises(self) -> None:
        topic = read_topic(self._settings, self._settings.topics.crises, from_beginning=True, follow=True)
        async with aclosing(topic) as records:
            async for record in records:
                self._screen.crisis(read_crisis_record(record.value))

    async def _asking(self) -> None:
        """Ask the ingester how it is doing, and tell of gaps."""
        away = 0
        while True:
            if (now := await intake_of(self._page)) is not None:
                for reason, (count, seconds) in now.gaps.items():
                    known, known_s = self._intake.gaps.get(reason, (0, 0.0))
                    if count > known:
                        self._screen.say(f"a gap was recorded: {seconds - known_s:.0f} s are missing ({reason})")
                self._intake = now
                away = self._tell_of_connections(now, away)
            await asyncio.sleep(_ASK_S)

    def _tell_of_connections(self, now: Intake, away: int) -> int:
        """Say when a source with connections has none for a while; return for how many looks it has had none."""
        if now.connections:
            if away >= _AWAY_LOOKS:
                self._screen.say("connected")
            return 0
        if now.connections is not None and away + 1 == _AWAY_LOOKS:
            log = self._demo.out_dir / "ingest.log"
            self._screen.say(f"no connection to {self._demo.source}: does this machine reach it? {log} says more")
        return away + 1

    async def _brands(self) -> None:
        """Show all brands until everything is worked off, if there is an end to it."""
        loop = asyncio.get_running_loop()
        began = changed = loop.time()
        reach: dict[str, int] = {}
        async with aclosing(watch_topics(self._settings, follow=True)) as news:
            async for presents in news:
                self._screen.present(presents, self._intake)
                now_reach = {key: brand.as_of_ms for key, brand in presents.brands.items()}
                if now_reach != reach:
                    reach, changed = now_reach, loop.time()
                if self._is_caught_up(reach) or loop.time() - began > _CATCH_UP_S:
                    self._caught_up.set()
                if self._written.is_set() and self._is_over(reach, loop.time() - changed):
                    if not reach:
                        self._screen.say(_NOTHING)
                    return

    def _is_caught_up(self, reach: dict[str, int]) -> bool:
        talk = self._demo.talk
        if talk is None or len(reach) < len(talk.scenario.brands):
            return False
        return min(reach.values()) >= talk.live_from_ms - _CAUGHT_UP_MS

    def _is_over(self, reach: dict[str, int], quiet_s: float) -> bool:
        """Say whether all that was written is worked off. How far that is is known of simulated talk."""
        talk = self._demo.talk
        if talk is None:
            return quiet_s > (_QUIET_S if reach else _QUIET_S * 5)
        return bool(reach) and quiet_s > (
            _ASK_S * 2 if min(reach.values()) >= talk.end_ms - _LAST_MS else _QUIET_S * 10
        )
