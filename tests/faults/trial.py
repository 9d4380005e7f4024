"""One trial of the fault suite: real workers over a seeded log, and the judgement in the end."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

from agents.reading import read_topic
from pipeline.simulate import demo_watchlist
from schemas.codec import decode, encode
from schemas.deadletter import HEADER_PREFIX
from tests.brokers.base import Broker
from tests.brokers.client import committed_offsets, end_offsets_of
from tests.faults.crew import Crew
from tests.faults.logs import Log
from tests.faults.oracle import Truth
from tests.faults.outcome import Found, Note, Outcome, compare, say_differences, sort_out
from tests.live.vigie import Published, Vigie

T = TypeVar("T")

_CHUNK = 100
_POLL_S = 0.3


class Trial(Vigie):
    """Topics, workers and log of one trial.

    Nothing in it depends on who is found idle when: the time-out is long, and a log's end closes every bucket
    (`Log.closed`). Sessions are short, so that a dead worker's partitions move soon.
    """

    def __init__(
        self,
        broker: Broker,
        folder: Path,
        prefix: str,
        note: Note,
        *,
        partitions: tuple[int, int] = (2, 2),
        replication: int = 1,
        **settings: Any,
    ) -> None:
        chosen = {
            "session_timeout_s": 3.0,
            "rebalance_timeout_s": 2.0 if broker.kind == "embedded" else 6.0,
            "idle_timeout_s": 3600.0,
            "max_batch_records": 100,
            "commit_interval_s": 0.5,
        }
        super().__init__(broker, folder, prefix, demo_watchlist(), **chosen | settings)
        self.create_topics(raw_partitions=partitions[0], partitions=partitions[1], replication=replication)
        self.fed = 0
        self._note = note
        self._writing: threading.Thread | None = None
        self._hurry = threading.Event()
        self._groups = {"enrich": self.settings.topics.raw, "track": self.settings.topics.mentions}

    # -- input ---------------------------------------------------------------------------------------

    def feed(self, log: Log, *, over_s: float = 0.0) -> None:
        """Write a log, spread evenly over some seconds, and return when all of it is acknowledged."""
        asyncio.run(self._feed(log, over_s))

    @contextmanager
    def load(self, log: Log, *, over_s: float) -> Iterator[None]:
        """Write a log during the block, spread evenly over some seconds: enough for all that is to happen under load.

        `settle` has the rest written at once.
        """
        self._hurry.clear()
        writing = threading.Thread(target=self.feed, args=(log,), kwargs={"over_s": over_s})
        writing.start()
        self._writing = writing
        try:
            yield
        finally:
            self._hurry.set()
            writing.join()

    async def _feed(self, log: Log, over_s: float) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.settings.brokers,
            acks="all",
            enable_idempotence=self.settings.idempotent_producer,
            linger_ms=5,
            max_batch_size=256 * 1024,
            max_request_size=32 * 1024 * 1024,
            request_timeout_ms=60_000,
        )
        await producer.start()
        began, count = time.monotonic(), len(log.records)
        try:
            for first in range(0, count, _CHUNK):
                await asyncio.to_thread(self._hurry.wait, max(0.0, began + over_s * first / count - time.monotonic()))
                chunk = log.records[first : first + _CHUNK]
                sent = [
                    await producer.send(self.settings.topics.raw, value=r.value, key=r.key, partition=r.partition)
                    for r in chunk
                ]
                await asyncio.gather(*sent)
                self.fed += len(chunk)
        finally:
            await producer.stop()

    # -- progress ------------------------------------------------------------------------------------

    def committed(self, role: str) -> dict[int, int]:
        """Committed offsets of a role, by partition of its input."""
        group, topic = self.settings.group(role), self._groups[role]
        found = asyncio.run(answered(lambda: committed_offsets(self.settings.brokers, group, topic)))
        return {partition: offset or 0 for partition, offset in found.items()}

    def lag(self, role: str) -> int:
        """How many records of its input a role has not committed."""
        ends = asyncio.run(answered(lambda: end_offsets_of(self.settings.brokers, self._groups[role])))
        return sum(ends.values()) - sum(self.committed(role).values())

    def settle(self, *running: Any, timeout_s: float = 180.0) -> None:
        """Have the rest of the load written at once, and wait until enrich and then track have committed all of it.

        For longer than the watchdog waits (`VIGIE_STUCK_AFTER_S`): a worker whose recovery hangs is ended by it and
        started anew.
        """
        self._hurry.set()
        if self._writing is not None:
            self._writing.join()
        deadline = time.monotonic() + timeout_s
        for role in self._groups:
            while lag := self.lag(role):
                assert all(worker.poll() is None for worker in running), f"a worker ended\n{self.logs()}"
                assert time.monotonic() < deadline, f"{role} is {lag} behind after {timeout_s:.0f} s\n{self.logs()}"
                time.sleep(_POLL_S)

    def until_committed(self, role: str, records: int, *, timeout_s: float = 60.0) -> None:
        """Wait until a role has committed so many records."""
        deadline = time.monotonic() + timeout_s
        while sum(self.committed(role).values()) < records:
            assert time.monotonic() < deadline, f"{role} has not come to {records} in {timeout_s:.0f} s\n{self.logs()}"
            time.sleep(_POLL_S)

    def until_published(self, expected: Truth, *, timeout_s: float = 60.0) -> None:
        """Wait until the last window of each brand is there."""
        self.published(self.settings.topics.windows, until=expected.windows, running=[], timeout_s=timeout_s)

    def until_ready(self, name: str, times: int = 2, *, timeout_s: float = 60.0) -> None:
        """Wait until enrich and track of the worker of that name have partitions and their state."""
        deadline = time.monotonic() + timeout_s
        while self.readied(name) < times:
            assert time.monotonic() < deadline, f"{name} is not ready\n{self.logs()}"
            time.sleep(_POLL_S)

    def readied(self, name: str) -> int:
        """How often enrich and track of the worker of that name have got partitions and their state."""
        said = (self.folder / f"{name}.log").read_text(errors="replace")
        return len(re.findall(r"\[(?:enrich|track)\].*Worker ready", said))

    def recovery_s(self, *, timeout_s: float = 90.0) -> float:
        """Wait until something more is committed; return the seconds that took. There must be work to do."""
        began = time.monotonic()
        before = self._all_committed()
        while self._all_committed() <= before:
            assert time.monotonic() - began < timeout_s, f"nothing was committed for {timeout_s:.0f} s\n{self.logs()}"
            time.sleep(0.1)
        return time.monotonic() - began

    def _all_committed(self) -> int:
        return sum(sum(self.committed(role).values()) for role in self._groups)

    @contextmanager
    def crew(self, size: int, **overrides: Any) -> Iterator[Crew]:
        """Keep so many workers running during the block: one that ends is started again, as by a supervisor."""
        with ExitStack() as stack:
            crew = Crew(self, size, overrides)
            stack.callback(crew.stop)
            crew.start()
            yield crew

    # -- judgement -----------------------------------------------------------------------------------

    def judge(
        self,
        expected: Truth,
        *,
        fault: str,
        injected: int,
        recovery_s: float | None = None,
        apart: frozenset[str] = frozenset(),
        counts_only: bool = False,
    ) -> Outcome:
        """Compare all that was published with the oracle, note the outcome, and fail if anything is lost or doubled.

        The brands in ``apart`` are the test's own business, but for this: no ID of theirs may have two contents. With
        ``counts_only``, what a model thinks of the counts is left out of the comparison.
        """
        topics = self.settings.topics
        windows, crises = self.events(topics.windows), self.events(topics.crises)
        if counts_only:
            assert not crises.altered
            crises, expected = Found({}, 0, []), Truth(windows=counts_of(expected.windows), letters=expected.letters)
            windows.payloads = counts_of(windows.payloads)
        for published in (windows.payloads, crises.payloads, expected.windows, expected.crises):
            for brand in apart:
                published.pop(brand, None)
        lost, doubled, repeated = compare(expected, windows, crises, self._read_letters())
        outcome = Outcome(
            fault=fault,
            injected=injected,
            records=self.fed,
            lost=lost,
            doubled=doubled,
            repeated=repeated,
            recovery_s=recovery_s,
        )
        self._note(outcome)
        assert expected.events > 100, "the log says too little for a comparison"
        assert lost + doubled == 0, f"{outcome}\n{say_differences(expected, windows, crises)}\n{self.logs()}"
        assert not say_differences(expected, windows, crises)
        return outcome

    def events(self, topic: str) -> Found:
        """All events of a topic, first ones and repeated ones told apart."""
        return sort_out([record.value for record in self.read(topic) if record.value])

    def _read_letters(self) -> Counter[tuple[int, int]]:
        """Dead letters of the raw topic by the place of their record."""
        places: Counter[tuple[int, int]] = Counter()
        for record in self.read(self.settings.topics.deadletters):
            headers = dict(record.headers)
            if headers[HEADER_PREFIX + "topic"].decode() == self.settings.topics.raw:
                places[int(headers[HEADER_PREFIX + "partition"]), int(headers[HEADER_PREFIX + "offset"])] += 1
        return places

    def read(self, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
        """Everything in a topic."""

        async def everything() -> list[ConsumerRecord[bytes, bytes]]:
            return [record async for record in read_topic(self.settings, topic, from_beginning=True, follow=False)]

        return asyncio.run(everything())


def counts_of(windows: Published) -> Published:
    """Windows without what a model thought of them."""
    return {brand: [encode(decode(payload) | {"detection": None}) for payload in windows[brand]] for brand in windows}


async def answered(question: Callable[[], Awaitable[T]], *, timeout_s: float = 60.0) -> T:
    """Ask until some broker answers: the one asked first may be the one that is down."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                return await question()
            except (AssertionError, KafkaError, OSError):  # the client asserts that some broker is known
                await asyncio.sleep(_POLL_S)
