"""The consumer: batches out, ranges committed, nothing forgotten on a rebalance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message
from faust.types.transports import TPorTopicSet
from mode import get_logger

from agents.transport.batch import BatchTopic, RecordBatch, split
from agents.transport.ends import end_offsets
from agents.transport.ledger import OffsetLedger
from agents.transport.thread import BatchConsumerThread

__all__ = ["BatchConsumer"]

logger = get_logger(__name__)

DRAIN_TIMEOUT_S = 4.0
"""A worker that is stopped or rebalanced waits at most this long for the batches being processed."""

_UNSETTLED_PAUSE_S = 0.01
_PROBE_TIMEOUT_S = 10.0
_ROOM_TIMEOUT_S = 1.0


class BatchConsumer(driver.Consumer):
    """Faust's aiokafka consumer with batches for :class:`BatchTopic` topics."""

    max_batch_bytes: int = 4 * 1024 * 1024
    """A batch closes once its values pass this size."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ledger: OffsetLedger[TP] = OffsetLedger()
        self.settle: Callable[[], Awaitable[None]] | None = None
        """Completes the batches that are processed, where an agent leaves that for later."""
        self._began: dict[TP, int] = {}
        """First offset handed out since a partition was assigned: what is not processed begins there, at first."""
        self._epoch = 0
        """Moves on whenever our place in the log may have been set anew."""
        self._seeking = 0
        """Seeks to the committed offsets that are under way."""
        self._sought = False
        """Such a seek has succeeded since partitions were last assigned or revoked."""
        self._dropped = False
        """Fetched records were not handed out since the last seek."""
        self._worked_off = asyncio.Event()
        """A stream has worked off most of what it had been given."""

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _batch_topics(self) -> dict[str, bool]:
        """Return the topics that are read by the batch, and whether they are input, with offsets to commit."""
        return {name: channel.committed for channel in self._batch_channels() for name in channel.topics}

    def _batch_channels(self) -> Iterator[BatchTopic]:
        # App.topics is the conductor; it knows every subscribed channel.
        return (channel for channel in self.app.topics if isinstance(channel, BatchTopic))

    def _input_topics(self) -> frozenset[str]:
        return frozenset(name for name, committed in self._batch_topics().items() if committed)

    # -- fetching ------------------------------------------------------------------------------------

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109 - Faust's signature
        """Fetch once and yield one message a batch (batch topics) or a record (everything else).

        The checks are those of the stock consumer: nothing is handed out while flow is stopped, after a
        new generation began, or for partitions that left the active set meanwhile; what is dropped here
        is read again, because a rebalance seeks to the committed offsets. One check is ours: a fetch that
        was under way during such a seek may bring records from beyond the place that was sought. Stock
        Faust hands them out, commits over them, and what lies between is lost.
        """
        if self._dropped and not self._seeking and not self.app.rebalancing:
            await self._seek_back()
        epoch, settled = self._epoch, self._settled()
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self._seek_back()
            return
        batch_topics = self._batch_topics()
        if not settled or epoch != self._epoch:
            stale = [tp for tp in records if batch_topics.get(tp.topic)]
            records = {tp: fetched for tp, fetched in records.items() if tp not in stale}
            if stale:
                # Sought again before the next fetch. Nothing was handed out since the last seek: there is one
                # fetch at a time, and it is this one.
                self._dropped = True
            # Recovery would take what lies beyond its place in a changelog, and then call what lies between known.
            records = {tp: fetched for tp, fetched in records.items() if (self._place(tp) or 0) > fetched[-1].offset}
        # All of them enter the ledger before the first is handed out, which may take its time: whoever asks
        # whether a partition is at its end must see that something of it is still under way.
        messages = [
            (tp, message)
            for tp, fetched in records.items()
            for message in self._messages(tp, fetched, batch_topics.get(tp.topic))
        ]
        for tp, message in messages:
            await self._room()
            if self._interrupted(generation):
                return
            if active is not None and tp not in active and tp not in self._buffered_partitions:
                continue
            yield tp, message

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's
        """Fetch, but nothing of an input topic while its place is not set: it would only be dropped."""
        if active_partitions and not self._settled():
            topics = self._input_topics()
            active_partitions = {tp for tp in active_partitions if tp.topic not in topics}
            if not active_partitions:
                await asyncio.sleep(_UNSETTLED_PAUSE_S)
                return {}
        return await super()._getmany(active_partitions, timeout)

    def on_buffer_full(self, tp: TP) -> None:
        """Do nothing: `_room` waits.

        Stock Faust leaves the partition out of the next fetches, and a worker with nothing left to fetch looks again
        after a second only, its streams long done.
        """

    def on_buffer_drop(self, tp: TP) -> None:  # noqa: ARG002 - of the stream, whichever partition it is
        """Note that the stream has worked off most of what it had."""
        self._worked_off.set()

    async def _room(self) -> None:
        """Wait while a stream has enough to do, unless the flow stops."""
        while self.flow_active and not self.should_stop and any(map(_is_full, self._batch_channels())):
            self._worked_off.clear()
            await self.wait_first(self._worked_off.wait(), self.suspend_flow.wait(), timeout=_ROOM_TIMEOUT_S)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek, and distrust the fetch that is under way."""
        self._epoch += 1
        await super().seek_wait(partitions)
        self._epoch += 1

    def _interrupted(self, generation: int) -> bool:
        return not self.flow_active or self.app.consumer_generation_id != generation

    def _messages(self, tp: TP, fetched: list[Any], committed: bool | None) -> Iterator[ConsumerMessage]:  # noqa: FBT001
        if committed is None:
            for record in fetched:
                yield self._to_message(tp, record)
            return
        state = self._state(tp)
        if state is None or state.highwater is None:
            return  # taken from us meanwhile: whoever gets it reads these again
        limit = self.app.conf.broker_max_poll_records
        for run in split(fetched, limit, self.max_batch_bytes):
            last = run[-1]
            batch = RecordBatch(tp.topic, tp.partition, run, state.highwater)
            if committed:
                self.ledger.handed_out(tp, batch)
                self._began.setdefault(tp, batch.first_offset)
            yield ConsumerMessage(
                tp.topic,
                tp.partition,
                last.offset,
                (last.timestamp or 0) / 1000.0,
                0,
                None,
                None,
                cast("Any", batch),
                None,
                tp=tp,
                generation_id=self.app.consumer_generation_id,
            )

    async def _seek_back(self) -> None:
        try:
            await self.perform_seek()
        except Exception as exc:  # noqa: BLE001 - as stock: the rebalance under way seeks again
            logger.warning("seek to the committed offsets failed: %r", exc)

    async def perform_seek(self) -> None:
        """Seek to the committed offsets, or to the beginning where nothing was committed.

        A fetch that began before this has ended is not to be trusted. aiokafka leaves the place of a
        partition without a committed offset as it is: after what was fetched in an earlier generation, which
        would never be read.
        """
        self._epoch += 1
        self._seeking += 1
        try:
            self._dropped = True
            while self._dropped:
                # A fetch that returns between the seek and here has moved our place on, and is dropped.
                self._dropped = False
                await super().perform_seek()
                await self._seek_fresh_to_beginning()
            self._sought = True
        except BaseException:
            self._dropped = True
            raise
        finally:
            self._seeking -= 1
            self._epoch += 1

    async def _seek_fresh_to_beginning(self) -> None:
        topics = self._input_topics()
        fresh = [tp for tp in self.assignment() if tp.topic in topics and not self._read_offset[tp]]
        if fresh:
            await self._thread.seek_to_beginning(*(driver.ensure_aiokafka_TP(tp) for tp in fresh))

    def _settled(self) -> bool:
        # Until a rebalance has ended, resuming the flow control empties the streams' queues once more.
        return self._sought and not self._seeking and not self.app.rebalancing

    def _lose_position(self) -> None:
        self._sought = False
        self._epoch += 1

    # -- committing ----------------------------------------------------------------------------------

    def _filter_tps_with_pending_acks(self, topics: TPorTopicSet | None = None) -> Iterator[TP]:
        return (tp for tp in self.ledger if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        # The stream's own acks arrive in these (compiled code writes them directly); unused, so kept small.
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return self.ledger.position(tp)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: ranges have no gaps (compacted or control offsets belong to the batch around them)."""

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let the batches being processed finish, commit, and only then forget the partitions.

        Stock Faust drops its acked offsets first, so that every rebalance replays. The ledger outlives
        the call below, which waits for the streams and commits.
        """
        self._lose_position()
        await super().on_partitions_revoked(revoked)
        self.ledger.forget(revoked)
        for tp in revoked:
            self._began.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Start from the committed offsets: what was handed out before belongs to an older generation."""
        self.ledger.clear()
        self._began.clear()
        self._lose_position()
        await super().on_partitions_assigned(assigned, generation_id)

    async def wait_empty(self) -> None:
        """Wait for the streams, then for what they have still to write; not for ever: an open batch is read again."""
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                await super().wait_empty()
                if self.settle is not None:
                    await self.settle()
                    await self.commit()
        except TimeoutError:
            logger.warning("batches still open after %.0f s; they will be read again", DRAIN_TIMEOUT_S)
            await self.commit()

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the end of each partition (`agents.transport.ends` says why not by ListOffsets alone)."""
        conf, transport = self.app.conf, cast("driver.Transport", self.transport)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )
        await consumer.start()
        try:
            # Equal tuples of another class: aiokafka insists on its own.
            wanted = [driver.ensure_aiokafka_TP(tp) for tp in partitions]
            consumer.assign(wanted)
            ends = await end_offsets(consumer, wanted)
            return {tp: ends[own] for tp, own in zip(partitions, wanted, strict=True)}
        finally:
            await consumer.stop()

    async def verify_all_partitions_active(self) -> None:
        """Do nothing: the watchdog looks after that. Faust's own check only logs what it finds, and crashes the worker
        over a partition whose place is not known yet, as after a pause of the broker.
        """  # noqa: D205 - one thought

    @property
    def progress(self) -> int:
        """A number that goes up whenever something moves: batches out and done, places set anew."""
        return self.ledger.moves + self._epoch

    async def is_behind(self) -> bool | None:
        """Whether the input has more than was fetched; None when the broker does not say."""
        topics = self._input_topics()
        tps = [tp for tp in self.assignment() if tp.topic in topics]
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                # A connection of its own: what is asked is whether the consumer's is stuck.
                ends = await self.highwaters(*tps)
        except (AssertionError, KafkaError, OSError, TimeoutError):
            return None
        return any(ends[tp] > (self._place(tp) or 0) for tp in tps)

    def is_at_end(self, tp: TP) -> bool:
        """Whether all that the broker has said to be in a partition was read and processed."""
        state, place = self._state(tp), self._place(tp)
        known = None if state is None else state.highwater
        return known is not None and place is not None and place >= known and not self.ledger.in_flight(tp)

    def lags(self) -> Mapping[TP, int | None]:
        """Return the input partitions that are assigned, and how many records of each are not processed yet.

        What is processed and not committed yet, because its state is still to be written, is no lag; to Kafka's own
        tools, which know commits only, it is.

        Asks nobody, and raises nothing while partitions move. The end of a partition is what the broker said with the
        last fetch: none before the first; and while all that was fetched waits to be processed nothing is fetched, so
        the lag of a busy worker is a little more than this says. A worker that no fetch reaches looks as it did at
        the last one: that is for the watchdog to see.
        """
        topics = self._input_topics()
        try:
            assigned = self.assignment()
        except ConsumerNotStarted:
            return {}
        return {tp: self._lag(tp) for tp in assigned if tp.topic in topics}

    def _lag(self, tp: TP) -> int | None:
        state, place = self._state(tp), self._place(tp)
        known = None if state is None else state.highwater
        if known is None or place is None:
            return None
        if self.is_at_end(tp):  # what is not ours to read, such as a transaction's markers, may lie before the end
            return 0
        done = self.ledger.processed(tp)
        return max(0, int(known) - (done if done is not None else self._began.get(tp, place)))

    def fetched_ms(self, tp: TP) -> int | None:
        """When the broker last said how far a partition goes, epoch milliseconds; none before it has."""
        state = self._state(tp)
        return None if state is None else state.timestamp

    def _place(self, tp: TP) -> int | None:
        """Our place in a partition, if it has one: `position` would wait for one, or raise while partitions move."""
        state = self._state(tp)
        return None if state is None else state._position  # noqa: SLF001 - the property raises when it is reset meanwhile

    def _state(self, tp: TP) -> Any:
        """Return what aiokafka, in its thread, knows of a partition; None while it is not assigned."""
        subscription = self._thread._ensure_consumer()._subscription.subscription  # noqa: SLF001 - the driver we subclass
        assignment = None if subscription is None else subscription.assignment
        return None if assignment is None else assignment.state_value(driver.ensure_aiokafka_TP(tp))

    async def create_topic(self, topic: str, *args: Any, **kwargs: Any) -> None:
        """Do nothing: ``vigie topics create`` makes every topic, with the right partitions and settings."""


def _is_full(channel: BatchTopic) -> bool:
    # The queue promises a word of having been worked off to whoever puts something in at this size or above. It is not
    # filled to the brim: who waits at a full one is not seen by the flow control, nor forgotten on a rebalance.
    return channel.committed and channel.queue.qsize() > channel.queue.pressure_high_size
