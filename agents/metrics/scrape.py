"""What a running application is asked at every scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from agents.metrics import BrandNumbers, PartitionFacts
from agents.transport import BatchConsumer

if TYPE_CHECKING:
    from agents.app import VigieApp

__all__ = ["ask_about_brands", "ask_about_partitions", "ask_about_worker"]


def ask_about_worker(app: VigieApp) -> None:
    """Have the worker asked whether it is ready and whether it holds, and count its rebalances."""
    role = app.role.value
    app.metrics.about_worker(role, version("vigie"), ready=lambda: app.ready, holding=lambda: app.publisher.holding)
    rebalances = app.metrics.rebalances.labels(role)

    async def count(*_args: Any, **_kwargs: Any) -> None:
        rebalances.inc()

    app.on_partitions_assigned.connect(count, weak=False)  # a weak reference would be gone at once


def ask_about_partitions(app: VigieApp, facts: Callable[[int], PartitionFacts]) -> None:
    """Have the stage asked about each partition of its input that is assigned."""
    app.metrics.partitions.ask(app.role.value, partial(_assigned, app), facts)


def ask_about_brands(
    app: VigieApp,
    watchlist: Callable[[], Iterable[str]],
    brands: Callable[[Iterable[int]], Mapping[str, BrandNumbers]],
) -> None:
    """Have track asked about the brands of the partitions that are assigned."""
    app.metrics.brands.ask(watchlist, lambda: brands(_assigned(app)))


def _assigned(app: VigieApp) -> dict[int, int | None]:
    """Return the lag of each assigned partition of the input; while partitions are shared out nobody has any."""
    if app.rebalancing:
        return {}
    lags: dict[int, int | None] = {}
    for tp, lag in cast("BatchConsumer", app.consumer).lags().items():  # of a role's topics together
        before = lags.get(tp.partition, 0)
        lags[tp.partition] = None if lag is None or before is None else before + lag
    return lags
