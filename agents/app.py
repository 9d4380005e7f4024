"""The Faust applications: ``create_app`` builds one role; ``faust -A agents.app worker`` finds ``app``.

enrich, track, notify and erase are applications (consumer groups) of their own, so that each scales alone. Which one
``agents.app:app`` is, is chosen by ``VIGIE_ROLE`` (default ``enrich``).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, cast

import faust
from mode import get_logger

from agents import exits, logs
from agents.connection import faust_credentials
from agents.deadletters import TooManyDeadLetters
from agents.metrics import Metrics
from agents.metrics.scrape import ask_about_worker
from agents.publishing import Publisher, WriteRefused
from agents.retention import retention_of
from agents.role import Role, web_port
from agents.settings import Settings, load_settings
from agents.topics import (
    MAX_STATE_BYTES,
    BrokerRefused,
    BrokerUnreachable,
    TopicProblem,
    check_topics,
)
from agents.transport import BatchProducer, RecordBatch
from agents.vitals import Vitals
from agents.watchdog import Watchdog, dump_stacks
from agents.wiring import define_enrich, define_erase, define_notify, define_track
from agents.workerpages import add_pages

__all__ = ["VigieApp", "create_app"]

logger = get_logger(__name__)


_STOP_LIMIT_S = 8.0
"""Of the ten seconds that an orchestrator gives, as a rule."""

_FATAL: Mapping[type[Exception], int] = {
    WriteRefused: exits.WRITES_REFUSED,
    BrokerRefused: exits.CONFIG,
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
    waits: Callable[[], bool]
    """Whether the role leaves its input alone on purpose: no reason to call it stuck."""
    watchdog: Watchdog | None = None
    """Watches from the start on."""

    @property
    def ready(self) -> bool:
        """Whether partitions are assigned and their state is recovered."""
        return self.assigned and not (self.rebalancing or self.in_recovery)

    @property
    def assigned(self) -> bool:
        """Whether the last rebalance gave this worker any partition; `unassigned` is false before the first, too."""
        return bool(self._assignment)

    async def on_first_start(self) -> None:
        """Look for the broker and check the topics before anything else starts."""
        try:
            counts = await check_topics(self.settings)
        except (BrokerUnreachable, TopicProblem) as exc:
            logs.say(str(exc))
            sys.stderr.flush()
            os._exit(_FATAL[type(exc)])
        logger.info("topics: %s", ", ".join(f"{name}({count})" for name, count in sorted(counts.items())))
        if self.role is Role.ERASE:  # it alone has to see to it, and has the right to ask
            for line in (await retention_of(self.settings)).problems:
                logger.warning(line)
        if self.settings.fault_points:
            logger.critical("fault points are active, this worker is made to fail: %s", self.settings.fault_points)
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)  # Faust makes its own folder in it, not the parents
        vitals = Vitals(self)
        self.watchdog = Watchdog(self.settings.stuck_after_s, vitals.look, self._bite)
        self.watchdog.start()
        self.add_future(self.watchdog.patrol())
        await super().on_first_start()

    @contextmanager
    def exit_on_failure(self, batch: RecordBatch | None = None) -> Iterator[None]:
        """End the process on any exception but a cancellation; what is said of it names the batch."""
        try:
            yield
        except Exception as exc:  # noqa: BLE001 - see exit_now
            self.exit_now(_FATAL.get(type(exc), exits.BUG), exc, batch)

    def exit_now(self, code: int, why: BaseException, batch: RecordBatch | None = None) -> NoReturn:
        """Leave at once, the current batch unacked.

        Letting the exception out of the agent would make Faust restart the agent and go on behind the
        batch; stopping in order would wait for it. The offsets stay where they were committed, so the
        next worker reads the batch again.
        """
        said = logs.stack_of(why) if code == exits.BUG else why
        logger.critical("worker stops, its batch will be read again: %s", said, extra=logs.about(batch))
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
        broker_credentials=faust_credentials(settings),
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
        web_port=web_port(settings, role) if settings.web_port else 6066,  # Faust wants one
        worker_redirect_stdouts=False,
    )
    app.settings, app.role, app.metrics = settings, role, Metrics(settings.metrics_brands)
    app.waits = lambda: False
    cast("BatchProducer", app.producer).idempotent = settings.idempotent_producer
    match role:
        case Role.ENRICH:
            define_enrich(app)
        case Role.TRACK:
            define_track(app)
        case Role.NOTIFY:
            define_notify(app)
        case Role.ERASE:
            define_erase(app)
    ask_about_worker(app)
    add_pages(app)
    return app


def __getattr__(name: str) -> Any:
    """Build ``agents.app:app`` when Faust's own command line asks for it, not at import."""
    if name == "app":
        app = create_app(load_settings(), Role(os.environ.get("VIGIE_ROLE", Role.ENRICH)))
        globals()["app"] = app
        return app
    raise AttributeError(name)
