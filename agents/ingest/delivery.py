"""From the journal to Kafka, in order, however long Kafka is away.

ADR: what is written is written in rounds of about 4 MiB, each acknowledged by all replicas in sync before the next. A
round that failed in part is repeated whole: enrich drops the posts that come twice by their ID, and a gap that comes
twice is the same gap.

ADR: a producer that failed, or has not answered for long, is not waited for any more: the next attempt is made by a
fresh one. aiokafka counts the sequence number of a batch that was refused, so that all that follow are refused, too; an
idempotent one repeats a batch for ever; and what it keeps of brokers that were away for longer than its own time-outs
(40 s for a request, 5 minutes for what it knows of the topics, 9 for an idle connection) need not be understood.

ADR: before Kafka has taken anything from this process, a login that is refused and a topic that is missing end it:
somebody has just started it and made a mistake. Later neither does: a token is being rotated, a topic is being made
anew, and meanwhile the source is heard and the journal holds it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)

from agents.connection import client_options, refusal
from agents.ingest.frames import Loss, Posts
from agents.ingest.journal import Journal
from agents.ingest.placement import partitions_of
from agents.ingest.queue import Entry
from agents.rounds import Placed, PublishError, batches_of, send_rounds
from agents.settings import Settings
from agents.topics import BrokerRefused, BrokerUnreachable, TopicProblem, check_topics

__all__ = ["Delivery"]

logger = logging.getLogger(__name__)
_client_logger = logging.getLogger("aiokafka")

_ROUND_BYTES = 4 * 1024 * 1024
_BATCH_BYTES = 512 * 1024
"""Half of what a broker takes if it is not told otherwise."""
_SMALLEST_BATCH = 4096
_FIRST_DELAY_S = 0.25
_LAST_DELAY_S = 4.0
_NOTICE_S = 5.0
"""A write that is not answered for so long is spoken of."""
_LONGEST_WAIT_S = 300.0
_MISSING_AGAIN_S = 1.0
"""A broker that has just started may not know its topics yet: it is asked twice."""
_STOP_S = 2.0


class Delivery:
    """Delivers a journal.

    Parameters
    ----------
    settings : Settings
        Broker, topic, and how to write.
    journal : Journal
        What there is.
    source : str
        Name of the source, for gaps.
    arrived : asyncio.Event
        Is set when something comes into the journal.
    stored : callable
        Is told of every round that Kafka has: how many posts.
    saving : asyncio.Lock
        Nothing expires while somebody has it.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        source: str,
        *,
        arrived: asyncio.Event,
        stored: Callable[[int], None],
        saving: asyncio.Lock,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._source = source
        self._arrived = arrived
        self._stored = stored
        self._saving = saving
        self._topic = settings.topics.raw
        self._producer: Any = None
        self._batch_bytes = _BATCH_BYTES
        self._cut_bytes: int | None = None
        """Records of this round that are longer are cut: Kafka has refused them."""
        self._delay_s = _FIRST_DELAY_S
        self._wait_s = settings.request_timeout_s
        self._checked = False
        self._proven = False
        """Kafka has taken something from us."""
        self._said: set[str] = set()
        self._client_level = 0
        self.holding = False
        """Kafka does not take what there is."""
        self.empty = asyncio.Event()
        """Everything that was there is in Kafka."""

    async def run(self) -> None:
        """Deliver for ever.

        Raises
        ------
        BrokerRefused, TopicProblem
            Kafka is there, and will not take anything: what to change.
        """
        while True:
            if self._journal.has_expired:
                async with self._saving:
                    self._journal.expire()
            entries = await self._next()
            if not any(isinstance(entry.item, Posts | Loss) for entry in entries):
                self._took(entries)
                continue
            try:
                await self._patiently(lambda entries=entries: self._write(entries))  # type: ignore[misc] # bound now
            except (BrokerUnreachable, PublishError, TopicProblem) as exc:
                await self._failed(exc, entries)
            else:
                self._goes_on()
                self._took(entries)

    async def close(self) -> None:
        """End the connection."""
        await self._drop_producer()
        self._hold_no_more()

    async def _next(self) -> list[Entry]:
        while True:
            self._arrived.clear()
            try:
                if entries := self._journal.peek(_ROUND_BYTES):
                    self.empty.clear()
                    return entries
            except OSError as exc:
                self._journal.queue.failed(exc)
                await asyncio.sleep(_LAST_DELAY_S)
                continue
            self.empty.set()
            await self._arrived.wait()

    def _took(self, entries: Sequence[Entry]) -> None:
        self._journal.commit(entries)
        self._stored(sum(entry.posts for entry in entries))

    # -- one attempt ---------------------------------------------------------------------------------

    async def _write(self, entries: Sequence[Entry]) -> None:
        try:
            producer = await self._connected()
            partitions = sorted(await producer.partitions_for(self._topic) or ())
            if not partitions:
                raise PublishError(f"the topic {self._topic} has no partitions")
            queues, _ = batches_of(producer.create_batch, self._records(entries, partitions))
            await send_rounds(producer, self._topic, queues)
        except (AssertionError, KafkaError, OSError) as exc:  # the client asserts that some broker is known
            if isinstance(exc, TopicAuthorizationFailedError | ClusterAuthorizationFailedError):
                raise PublishError(repr(exc)) from exc
            if reason := await self._refusal():
                raise BrokerRefused(reason) from exc
            raise BrokerUnreachable(f"no broker at {self._settings.brokers} takes them: {exc!r}") from exc

    def _records(self, entries: Sequence[Entry], partitions: Sequence[int]) -> Iterator[Placed]:
        keys = [key for entry in entries if isinstance(entry.item, Posts) for key, _ in entry.item.posts]
        places = iter(partitions_of(keys, partitions))
        for entry in entries:
            item = entry.item
            if isinstance(item, Posts):
                for key, value in item.posts:
                    yield next(places), key, value if self._cut_bytes is None else value[: self._cut_bytes], ()
            elif isinstance(item, Loss):
                record = item.record(self._source)
                for place in partitions:
                    yield place, None, record, ()

    async def _connected(self) -> Any:
        if self._producer is None:
            if not self._checked:
                await self._check()
            self._producer = self._new_producer()
            await self._producer.start()
        return self._producer

    def _new_producer(self) -> Any:
        settings = self._settings
        try:
            options = client_options(settings)
        except ValueError as exc:  # a password or a key is being rotated
            raise BrokerRefused(str(exc)) from exc
        return AIOKafkaProducer(
            **options,
            acks="all",
            enable_idempotence=settings.idempotent_producer,
            compression_type=None if settings.compression == "none" else settings.compression,
            max_batch_size=self._batch_bytes,
            request_timeout_ms=round(settings.request_timeout_s * 1000),
        )

    async def _refusal(self) -> str | None:
        try:
            return await refusal(self._settings)
        except ValueError as exc:  # as in `_new_producer`
            return str(exc)

    async def _check(self) -> None:
        """See to it that the topic is there: to ask for its partitions might make it, with what settings it may be."""
        only = {self._topic}
        try:
            await check_topics(self._settings, timeout_s=0, only=only)
        except TopicProblem:
            await asyncio.sleep(_MISSING_AGAIN_S)
            await check_topics(self._settings, timeout_s=0, only=only)
        except BrokerRefused:
            raise
        except BrokerUnreachable as exc:
            raise BrokerUnreachable(f"no broker answers at {self._settings.brokers}: {exc.__cause__}") from exc
        self._checked = True

    async def _patiently(self, attempt: Callable[[], Awaitable[None]]) -> None:
        """Wait for an attempt, for a time: an idempotent write is repeated by the client as long as nobody answers."""
        pending = asyncio.ensure_future(attempt())
        waited_s = 0.0
        try:
            while not (await asyncio.wait({pending}, timeout=_NOTICE_S))[0]:
                waited_s += _NOTICE_S
                if waited_s >= self._wait_s:
                    self._wait_s = min(self._wait_s * 2, _LONGEST_WAIT_S)
                    raise PublishError(f"no answer for {waited_s:.0f} s")
                self._hold("no answer", f"the broker has not answered for {waited_s:.0f} s")
            pending.result()
        finally:
            if not pending.done():
                pending.cancel()
                await asyncio.wait({pending})

    # -- when Kafka does not take it -----------------------------------------------------------------

    async def _failed(self, why: Exception, entries: Sequence[Entry]) -> None:
        """Get ready for the next attempt, after a while; or end, when that is of no use."""
        await self._drop_producer()
        cause = why.__cause__
        if isinstance(cause, TopicAuthorizationFailedError | ClusterAuthorizationFailedError) and not self._proven:
            raise BrokerRefused(
                f"the broker does not let us write to {self._topic} ({cause!r}): the login needs the right to Describe "
                "and Write that topic, and with idempotent producers before Kafka 2.8 IdempotentWrite on the cluster"
            ) from why
        if isinstance(why, BrokerRefused | TopicProblem) and not self._proven:
            raise why
        if isinstance(cause, MessageSizeTooLargeError | RecordListTooLargeError):
            self._make_smaller(entries)
        self._hold(type(cause or why).__name__, " ".join(str(why).split()))
        await asyncio.sleep(self._delay_s)
        self._delay_s = min(self._delay_s * 2, _LAST_DELAY_S)

    def _make_smaller(self, entries: Sequence[Entry]) -> None:
        """Send less at once; a single record that the broker does not take is cut, until it does."""
        longest = max(
            (len(value) for e in entries if isinstance(e.item, Posts) for _, value in e.item.posts), default=0
        )
        if self._cut_bytes is not None:
            longest = min(longest, self._cut_bytes)
        if longest > self._batch_bytes:
            self._cut_bytes = longest // 2
            logger.warning(
                "the broker does not take a record of %d bytes: it gets the first half, a dead letter", longest
            )
        elif self._batch_bytes > _SMALLEST_BATCH:
            self._batch_bytes //= 2
        else:
            self._cut_bytes = max(longest // 2, 1)

    def _hold(self, kind: str, words: str) -> None:
        """Say that Kafka does not take posts: once for each kind of trouble, until it goes on."""
        if not self.holding:
            self.holding = True
            self._client_level = _client_logger.level
            _client_logger.setLevel(logging.CRITICAL)  # it would complain with each attempt
        if kind not in self._said:
            self._said.add(kind)
            logger.warning("Kafka does not take posts (%s); they wait in the journal until it does", words)

    def _hold_no_more(self) -> None:
        if self.holding:
            self.holding = False
            _client_logger.setLevel(self._client_level)
        self._said.clear()

    def _goes_on(self) -> None:
        if self.holding:
            logger.warning("Kafka takes posts again; %d have waited", self._journal.queue.waiting)
        self._hold_no_more()
        self._proven = True
        self._delay_s, self._wait_s = _FIRST_DELAY_S, self._settings.request_timeout_s
        self._cut_bytes = None

    async def _drop_producer(self) -> None:
        """End the producer, at once: what it still has is in the journal, and must not be written later by it."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        producer._closed = True  # noqa: SLF001 - its stop() would wait until everything is written
        sender = producer._sender.sender_task  # noqa: SLF001
        if sender is not None:
            sender.cancel()
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await producer.client.close()
        if sender is not None:
            await asyncio.wait({sender}, timeout=_STOP_S)
