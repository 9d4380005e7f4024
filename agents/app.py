"""The Faust applications: ``create_app`` builds one role; ``faust -A agents.app worker`` finds ``app``.

enrich and track are applications (consumer groups) of their own, so that each scales alone. Which one
``agents.app:app`` is, is chosen by ``VIGIE_ROLE`` (default ``enrich``).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from typing import Any, NoReturn, cast

import faust
from faust.types import StreamT
from mode import get_logger

from agents import exits
from agents.deadletters import TooManyDeadLetters
from agents.enrich import EnrichStage
from agents.metrics import Metrics
from agents.publishing import Publisher, WriteRefused
from agents.settings import Settings, load_settings
from agents.state import StateTable
from agents.topics import BRAND_STATE, MAX_STATE_BYTES, SOURCE_CLOCK, BrokerUnreachable, TopicProblem, check_topics
from agents.track import TrackStage
from agents.transport import BatchConsumer, BatchProducer, BatchTopic, RecordBatch
from agents.vitals import Vitals
from agents.watchdog import Watchdog, dump_stacks
from agents.watchlist import WatchlistFile
from agents.web import add_pages

__all__ = ["Role", "VigieApp", "create_app"]

logger = get_logger(__name__)

_QUEUE_BATCHES = 8
"""Batches fetched ahead for each stream."""


class Role(StrEnum):
    """The parts that run as applications of their own."""

    ENRICH = "enrich"
    TRACK = "track"


_STOP_LIMIT_S = 8.0
"""Of the ten seconds that an orchestrator gives, as a rule."""

_FATAL: Mapping[type[Exception], int] = {
    WriteRefused: exits.WRITES_REFUSED,
    BrokerUnreachable: exits.UNAVAILABLE,
    TopicProblem: exits.CONFIG,
    TooManyDeadLetters: exits.BAD_INPUT,
}
"""What ends a worker, and how; everything else is a bug."""


class VigieApp(faust.App):
    """A Faust application with one agent over record batches."""

    settings: Settings
    role: Role
    metrics: Metrics
    publisher: Publisher

    async def on_first_start(self) -> None:
        """Look for the broker and check the topics before anything else starts."""
        try:
            counts = await check_topics(self.settings)
        except (BrokerUnreachable, TopicProblem) as exc:
            sys.stderr.write(f"vigie: {exc}\n")
            sys.stderr.flush()
            os._exit(_FATAL[type(exc)])
        logger.info("topics: %s", ", ".join(f"{name}({count})" for name, count in sorted(counts.items())))
        if self.settings.fault_points:
            logger.critical("fault points are active, this worker is made to fail: %s", self.settings.fault_points)
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)  # Faust makes its own folder in it, not the parents
        vitals = Vitals(self)
        watchdog = Watchdog(self.settings.stuck_after_s, vitals.look, self._bite)
        watchdog.start()
        self.add_future(watchdog.patrol())
        await super().on_first_start()

    @contextmanager
    def exit_on_failure(self) -> Iterator[None]:
        """End the process on any exception but a cancellation."""
        try:
            yield
        except Exception as exc:  # noqa: BLE001 - see exit_now
            self.exit_now(_FATAL.get(type(exc), exits.BUG), exc)

    def exit_now(self, code: int, why: BaseException) -> NoReturn:
        """Leave at once, the current batch unacked.

        Letting the exception out of the agent would make Faust restart the agent and go on behind the
        batch; stopping in order would wait for it. The offsets stay where they were committed, so the
        next worker reads the batch again.
        """
        if code == exits.BUG:
            logger.critical("worker stops, its batch will be read again: %s", why, exc_info=why)
        else:
            logger.critical("worker stops, its batch will be read again: %s", why)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)

    async def crash(self, reason: BaseException) -> None:
        """End the process at once over what ends a worker; everything else as Faust does."""
        for kind, code in _FATAL.items():
            if isinstance(reason, kind):
                self.exit_now(code, reason)
        await super().crash(reason)

    async def stop(self) -> None:
        """Stop in order, or, when that takes too long, at once: a broker that is gone keeps us waiting for ever."""
        timer = threading.Timer(_STOP_LIMIT_S, self._leave)
        timer.daemon = True
        timer.start()
        await super().stop()

    def _leave(self) -> None:
        logger.warning("not stopped in order after %.0f s; what was not committed will be read again", _STOP_LIMIT_S)
        os._exit(exits.BUG if self.crashed else exits.OK)

    def _bite(self, reason: str) -> NoReturn:
        dump_stacks(self.loop)
        self.exit_now(exits.STUCK, RuntimeError(f"stuck, see the stacks above: {reason}"))


def create_app(settings: Settings, role: Role) -> VigieApp:
    """Build the application of one role. Nothing is connected before it starts."""
    urls = [f"batch://{host}" for host in settings.brokers.split(",")]
    app = VigieApp(
        settings.group(role),
        broker=urls,
        store="memory://",
        datadir=str(settings.data_dir / settings.group(role)),
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,  # state is read anew at every rebalance (agents/state.py)
        stream_wait_empty=True,
        broker_commit_interval=settings.commit_interval_s,
        broker_max_poll_records=settings.max_batch_records,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 5,
        broker_rebalance_timeout=settings.rebalance_timeout_s,
        broker_request_timeout=max(settings.request_timeout_s, settings.session_timeout_s),
        broker_max_poll_interval=300.0,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        producer_linger=0.005,
        producer_request_timeout=settings.request_timeout_s,
        producer_compression_type=None if settings.compression == "none" else settings.compression,
        producer_max_batch_size=512 * 1024,
        producer_max_request_size=MAX_STATE_BYTES,
        web_enabled=settings.web_port != 0,
        web_bind=settings.web_host,
        web_host=settings.web_host,
        web_port=_web_port(settings, role),
        worker_redirect_stdouts=False,
    )
    app.settings, app.role, app.metrics = settings, role, Metrics(settings.metrics_brands)
    cast("BatchProducer", app.producer).idempotent = settings.idempotent_producer
    if role is Role.ENRICH:
        _define_enrich(app)
    else:
        _define_track(app)
    add_pages(app)
    return app


def _web_port(settings: Settings, role: Role) -> int:
    return settings.web_port + (role is Role.TRACK) if settings.web_port else 6066


def _publisher(app: VigieApp) -> Publisher:
    app.publisher = Publisher(cast("BatchProducer", app.producer), app.metrics, app.settings.retry_timeout_s)
    return app.publisher


def _table(app: VigieApp, name: str, publisher: Publisher) -> StateTable:
    table = StateTable(app, name=name, beacon=app.tables.beacon)
    table.publish_with(publisher)
    app.tables.add(table)
    return table


async def _run(app: VigieApp, stream: StreamT[RecordBatch], process: Callable[[RecordBatch], Awaitable[None]]) -> None:
    """Process batches for ever. No exception leaves the loop: an agent that fails acks its message."""
    async for batch in stream:
        with app.exit_on_failure():
            await process(batch)
    if not app.should_stop:
        app.exit_now(exits.BUG, RuntimeError("the stream ended while the worker was running"))


def _watchlist(app: VigieApp) -> WatchlistFile:
    watchlist = WatchlistFile(app.settings.watchlist, app.metrics)

    @app.timer(2.0, name="watchlist")  # type: ignore[untyped-decorator]
    async def reload_watchlist() -> None:
        watchlist.reload_if_changed()

    return watchlist


def _define_enrich(app: VigieApp) -> None:
    settings, publisher = app.settings, _publisher(app)
    topic = BatchTopic(app, topics=[settings.topics.raw], maxsize=_QUEUE_BATCHES, key_type=bytes, value_type=bytes)
    watchlist = _watchlist(app)
    stage = EnrichStage(settings, watchlist, publisher, _table(app, SOURCE_CLOCK, publisher), app.metrics)

    @app.agent(topic, name="enrich", concurrency=1)
    async def enrich(stream: StreamT[RecordBatch]) -> None:
        await _run(app, stream, stage.process)

    @app.timer(1.0, name="idle")  # type: ignore[untyped-decorator]
    async def say_idle() -> None:
        if app.rebalancing or app.in_recovery:
            return
        consumer = cast("BatchConsumer", app.consumer)
        for tp in sorted(consumer.assignment()):
            if tp.topic == settings.topics.raw:
                with app.exit_on_failure():
                    await stage.say_idle(tp.partition, partial(consumer.is_at_end, tp), consumer.fetched_ms(tp))

    _forget_on_rebalance(app, stage.forget)


def _define_track(app: VigieApp) -> None:
    settings, publisher = app.settings, _publisher(app)
    topic = BatchTopic(app, topics=[settings.topics.mentions], maxsize=_QUEUE_BATCHES, key_type=bytes, value_type=bytes)
    watchlist = _watchlist(app)
    stage = TrackStage(settings, watchlist, publisher, _table(app, BRAND_STATE, publisher), app.metrics)

    @app.agent(topic, name="track", concurrency=1)
    async def track(stream: StreamT[RecordBatch]) -> None:
        await _run(app, stream, stage.process)

    _forget_on_rebalance(app, stage.forget)


def _forget_on_rebalance(app: VigieApp, forget: Callable[[], None]) -> None:
    # The signals keep weak references to plain functions: weak=False keeps these alive.
    async def on_rebalance(*_args: Any, **_kwargs: Any) -> None:
        forget()

    app.on_partitions_revoked.connect(on_rebalance, weak=False)
    app.on_partitions_assigned.connect(on_rebalance, weak=False)


def __getattr__(name: str) -> Any:
    """Build ``agents.app:app`` when Faust's own command line asks for it, not at import."""
    if name == "app":
        app = create_app(load_settings(), Role(os.environ.get("VIGIE_ROLE", Role.ENRICH)))
        globals()["app"] = app
        return app
    raise AttributeError(name)
