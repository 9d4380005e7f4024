from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents import vitals
from agents.vitals import Vitals
from agents.watchdog import Stall


class Consumer:
    """What vitals ask of the consumer."""

    def __init__(self) -> None:
        self.progress = 0
        self.open: bool = False
        self.ledger = SimpleNamespace(any_open=lambda: self.open)
        self.behind: bool | None = False
        self.assigned = {"tp"}

    def assignment(self) -> set[str]:
        return self.assigned

    async def is_behind(self) -> bool | None:
        return self.behind


class App(SimpleNamespace):
    """An application that is settled and has nothing to do, but for what a test changes."""

    def __init__(self) -> None:
        recovery = SimpleNamespace(active_offsets={"tp": None})
        super().__init__(
            consumer=Consumer(),
            tables=SimpleNamespace(recovery=recovery),
            consumer_generation_id=3,
            publisher=SimpleNamespace(holding=False),
            waits=lambda: False,
            should_stop=False,
            rebalancing=False,
            in_recovery=False,
        )


@pytest.fixture(autouse=True)
def _ask_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "_ASK_EVERY_S", 0.0)


async def stalled(app: App, *, looks: int = 100, recovered: int = 0) -> float:
    """Seconds of stall after so many looks, a second each, with so many records recovered between them."""
    looking, stall, seconds = Vitals(cast("Any", app)), Stall(), 0.0
    for now_s in range(looks):
        if recovered:
            app.tables.recovery.active_offsets["tp"] = now_s * recovered
        seconds = stall.seconds(await looking.look(), float(now_s))
    return seconds


async def test_a_worker_with_nothing_to_do_is_not_stuck() -> None:
    assert await stalled(App()) == 0.0


async def test_a_long_recovery_that_moves_is_not_stuck_and_one_that_does_not_is() -> None:
    app = App()
    app.in_recovery, app.consumer.behind = True, True
    assert await stalled(app, looks=10_000, recovered=1) == 0.0
    assert await stalled(app) > 90.0


async def test_a_batch_that_stays_open_and_a_fetch_that_never_comes_are_stuck() -> None:
    app = App()
    app.consumer.open = True
    assert await stalled(app) > 90.0
    app = App()
    app.consumer.behind = True
    assert await stalled(app) > 90.0


@pytest.mark.parametrize("rebalancing", [True, False])
async def test_a_broker_that_answers_nobody_is_no_reason_to_end(rebalancing: bool) -> None:
    app = App()
    app.consumer.behind, app.rebalancing = None, rebalancing
    assert await stalled(app, looks=10_000) == 0.0


async def test_holding_for_the_broker_and_stopping_have_limits_of_their_own() -> None:
    app = App()
    app.consumer.open, app.publisher.holding = True, True
    assert await stalled(app) == 0.0
    app.publisher.holding, app.should_stop = False, True
    assert await stalled(app) == 0.0


async def test_a_role_that_leaves_its_input_alone_on_purpose_is_not_stuck() -> None:
    app = App()
    app.consumer.open, app.waits = True, lambda: True
    assert await stalled(app) == 0.0


async def test_a_worker_without_partitions_asks_nobody() -> None:
    app = App()
    app.consumer.assigned, app.consumer.behind = set(), True
    assert await stalled(app) == 0.0
