"""The pages of a worker, over real HTTP. Nothing else of the application is started."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from faust.types import TP

from agents.app import VigieApp, create_app
from agents.embedded.probe import LOOPBACK, free_port
from agents.role import Role, web_port
from agents.settings import Settings
from agents.watchdog import Look, Watchdog
from pipeline.simulate import demo_watchlist

LIMIT_S = 100.0


async def _nothing() -> Look:
    return Look(progress=0, has_work=False, excused=False)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[VigieApp]:
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text(demo_watchlist(), encoding="utf-8")
    settings = Settings(
        brokers="127.0.0.1:1",
        watchlist=watchlist,
        data_dir=tmp_path,
        stuck_after_s=LIMIT_S,
        web_port=free_port() - web_port(Settings(web_port=0), Role.TRACK),
    )
    made = create_app(settings, Role.TRACK)
    yield made
    cast("Any", made.consumer)._thread.thread_loop.close()  # nobody else does, as it never starts


@contextlib.asynccontextmanager
async def pages(app: VigieApp) -> AsyncIterator[ClientSession]:
    await app.web.on_start()
    try:
        async with ClientSession(f"http://{LOOPBACK}:{app.conf.web_port}") as client:
            yield client
    finally:
        await app.web.on_stop()


async def test_a_worker_is_live_before_it_has_started_and_not_ready(app: VigieApp) -> None:
    async with pages(app) as client:
        assert (await client.get("/health/live")).status == 200
        assert (await client.get("/health/ready")).status == 503


async def test_a_worker_that_was_given_partitions_and_has_recovered_is_ready(app: VigieApp) -> None:
    async with pages(app) as client:
        app._assignment = {TP("topic", 0)}
        assert (await client.get("/health/ready")).status == 200
        for doing in ("rebalancing", "in_recovery"):
            setattr(app, doing, True)
            assert (await client.get("/health/ready")).status == 503
            setattr(app, doing, False)
        app._assignment = set()
        answer = await client.get("/health/ready")
        assert (answer.status, (await answer.json())["assigned"]) == (503, False)


async def test_a_worker_that_holds_for_the_broker_stays_ready_and_live(app: VigieApp) -> None:
    async with pages(app) as client:
        app._assignment = {TP("topic", 0)}
        app.publisher.holding = True
        answer = await client.get("/health/ready")
        assert (answer.status, (await answer.json())["holding"]) == (200, True)
        assert (await client.get("/health/live")).status == 200
        assert 'vigie_worker_holding{stage="track"} 1.0' in await (await client.get("/metrics")).text()


async def test_a_worker_is_not_live_once_it_is_stuck_for_half_of_the_limit_and_live_again_when_it_moves(
    app: VigieApp,
) -> None:
    app.watchdog = Watchdog(LIMIT_S, _nothing, print)
    async with pages(app) as client:
        for stalled_s, status in ((49.9, 200), (50.0, 503), (0.0, 200)):
            app.watchdog.stalled_s = stalled_s
            answer = await client.get("/health/live")
            assert (answer.status, (await answer.json())["stalled_seconds"]) == (status, stalled_s)


async def test_the_metrics_of_a_worker_without_a_broker_are_served_and_have_no_partition(app: VigieApp) -> None:
    async with pages(app) as client:
        answer = await client.get("/metrics")
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await answer.text()
    assert 'vigie_worker_ready{stage="track"} 0.0' in text
    assert 'partition="' not in text
