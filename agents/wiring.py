"""What each role does: its topic, table and stage, its timers, and what happens at a rebalance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from faust.types import TP, StreamT

from agents import exits
from agents.enrich import EnrichStage
from agents.erase.stage import EraseStage
from agents.metrics import Metrics, PartitionFacts
from agents.metrics.scrape import ask_about_brands, ask_about_partitions
from agents.notify.plan import PlanFile
from agents.notify.sinks import SinkConfigError
from agents.notify.stage import NotifyStage
from agents.publishing import Publisher
from agents.settings import Settings, SettingsError
from agents.state import StateTable
from agents.topics import BRAND_STATE, NOTIFY_STATE, SOURCE_CLOCK
from agents.track import TrackStage
from agents.transport import BatchConsumer, BatchProducer, BatchTopic, RecordBatch
from agents.watchlist import WatchlistFile
from pipeline.notify.file import NotifyFileError

if TYPE_CHECKING:
    from agents.app import VigieApp

__all__ = ["define_enrich", "define_erase", "define_notify", "define_track"]

_QUEUE_BATCHES = 5
"""Batches handed out ahead for each stream: enough to go on with. What waits longer waits in the broker, where small
batches become a large one, which costs less and is done sooner."""
_QUIET_S = 1.0
"""Without a batch for so long, track writes what it has still to write."""
_TEXTS_S = 3600.0
"""How long enrich may remember a text."""


def _publisher(app: VigieApp) -> Publisher:
    app.publisher = Publisher(cast("BatchProducer", app.producer), app.metrics, app.settings.retry_timeout_s)
    return app.publisher


def _table(app: VigieApp, name: str, publisher: Publisher) -> StateTable:
    table = StateTable(app, name=name, beacon=app.tables.beacon)
    table.publish_with(publisher)
    app.tables.add(table)
    return table


class _Stage(Protocol):
    """What a role does with the batches of its topics."""

    async def process(self, batch: RecordBatch) -> None: ...

    def facts(self, partition: int) -> PartitionFacts: ...

    def forget(self) -> None: ...


def _work(app: VigieApp, topics: Sequence[str], stage: _Stage) -> None:
    """Have a stage process the batches of topics for ever, asked at every scrape, and told of rebalances."""
    batches = BatchTopic(app, topics=topics, maxsize=_QUEUE_BATCHES, key_type=bytes, value_type=bytes)

    @app.agent(batches, name=app.role.value, concurrency=1)
    async def work(stream: StreamT[RecordBatch]) -> None:
        # No exception leaves the loop: an agent that fails acks its message.
        async for batch in stream:
            with app.exit_on_failure(batch):
                await stage.process(batch)
        if not app.should_stop:
            app.exit_now(exits.BUG, RuntimeError("the stream ended while the worker was running"))

    ask_about_partitions(app, stage.facts)
    _forget_on_rebalance(app, stage.forget)


def _assigned(app: VigieApp, topic: str) -> list[TP]:
    """Return the partitions of a topic that are this worker's, in order; none while they are shared out anew."""
    if app.rebalancing or app.in_recovery:
        return []
    return sorted(tp for tp in cast("BatchConsumer", app.consumer).assignment() if tp.topic == topic)


def _watchlist(app: VigieApp) -> WatchlistFile:
    watchlist = WatchlistFile(app.settings.watchlist, app.metrics)

    @app.timer(2.0, name="watchlist")  # type: ignore[untyped-decorator]
    async def reload_watchlist() -> None:
        watchlist.reload_if_changed()

    return watchlist


def define_enrich(app: VigieApp) -> None:
    """Define what the role enrich does."""
    settings, publisher = app.settings, _publisher(app)
    watchlist = _watchlist(app)
    stage = EnrichStage(settings, watchlist, publisher, _table(app, SOURCE_CLOCK, publisher), app.metrics)

    _work(app, [settings.topics.raw], stage)

    @app.timer(1.0, name="idle")  # type: ignore[untyped-decorator]
    async def say_idle() -> None:
        consumer = cast("BatchConsumer", app.consumer)
        for tp in _assigned(app, settings.topics.raw):
            with app.exit_on_failure():
                await stage.say_idle(tp.partition, partial(consumer.is_at_end, tp), consumer.fetched_ms(tp))

    @app.timer(_TEXTS_S, name="texts")  # type: ignore[untyped-decorator]
    async def forget_texts() -> None:
        stage.forget_texts()


def define_track(app: VigieApp) -> None:
    """Define what the role track does."""
    settings, publisher = app.settings, _publisher(app)
    watchlist = _watchlist(app)
    stage = TrackStage(settings, watchlist, publisher, _table(app, BRAND_STATE, publisher), app.metrics)

    together = [settings.topics.mentions, settings.topics.feedback]
    _work(app, together, stage)

    async def on_assigned(*_args: Any, **_kwargs: Any) -> None:
        cast("BatchConsumer", app.consumer).settle = stage.settle

    app.on_partitions_assigned.connect(on_assigned, weak=False)

    @app.timer(_QUIET_S, name="settle")  # type: ignore[untyped-decorator]
    async def settle() -> None:
        if _assigned(app, settings.topics.mentions):
            with app.exit_on_failure():
                await stage.settle(quiet_s=_QUIET_S)

    _insist_on_the_same_partitions(app, together)
    ask_about_brands(app, lambda: watchlist.current.brands, stage.brands)


def define_notify(app: VigieApp) -> None:
    """Define what the role notify does."""
    settings, publisher = app.settings, _publisher(app)
    table = _table(app, NOTIFY_STATE, publisher)
    stage = NotifyStage(settings, _plan_file(settings, app.metrics), publisher, table, app.metrics)

    _work(app, [settings.topics.crises], stage)

    @app.task  # type: ignore[untyped-decorator]
    async def deliver() -> None:
        with app.exit_on_failure():
            await stage.run()

    @app.timer(1.0, name="notify")  # type: ignore[untyped-decorator]
    async def look() -> None:
        with app.exit_on_failure():
            stage.reload_if_changed()
            consumer = cast("BatchConsumer", app.consumer)
            for tp in _assigned(app, settings.topics.crises):
                stage.look(tp.partition, at_end=consumer.is_at_end(tp))


def define_erase(app: VigieApp) -> None:
    """Define what the role erase does."""
    settings = app.settings
    stage = EraseStage(settings, _publisher(app), app.metrics)

    _work(app, [settings.topics.compliance], stage)
    app.waits = lambda: stage.is_full

    @app.task  # type: ignore[untyped-decorator]
    async def sweep() -> None:
        with app.exit_on_failure():
            await stage.run()


def _plan_file(settings: Settings, metrics: Metrics) -> PlanFile:
    if settings.notify is None:
        raise SettingsError("notify (VIGIE_NOTIFY): the role notify needs a notification file")
    try:
        return PlanFile(settings.notify, metrics)
    except (NotifyFileError, SinkConfigError) as exc:
        raise SettingsError(f"notify (VIGIE_NOTIFY): {exc}") from exc


def _insist_on_the_same_partitions(app: VigieApp, topics: Sequence[str]) -> None:
    """End the worker when it is given other partitions of one topic than of the others.

    Faust's assignor gives topics of equal partition count to the same worker as long as all workers of the group read
    both. One of before there was feedback reads only one of them: then a brand's feedback would come to a worker that
    does not track the brand, and be refused.
    """

    async def on_assigned(*args: Any, **_kwargs: Any) -> None:
        assigned: set[TP] = args[1]  # after the app
        given = {topic: sorted(tp.partition for tp in assigned if tp.topic == topic) for topic in topics}
        if len({tuple(partitions) for partitions in given.values()}) > 1:
            said = "; ".join(f"{topic}: {partitions}" for topic, partitions in given.items())
            why = f"partitions that belong together were assigned to different workers ({said}). Does a worker of "
            app.exit_now(exits.CONFIG, RuntimeError(f"{why}an older version run in the group? Stop all of it first"))

    app.on_partitions_assigned.connect(on_assigned, weak=False)


def _forget_on_rebalance(app: VigieApp, forget: Callable[[], None]) -> None:
    # The signals keep weak references to plain functions: weak=False keeps these alive.
    async def on_rebalance(*_args: Any, **_kwargs: Any) -> None:
        forget()

    app.on_partitions_revoked.connect(on_rebalance, weak=False)
    app.on_partitions_assigned.connect(on_rebalance, weak=False)
