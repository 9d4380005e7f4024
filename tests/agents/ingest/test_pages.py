"""The pages of an ingester, over real HTTP."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession

from agents.ingest.pages import IngestStatus, pages
from agents.metrics.ingest import IngestMetrics
from agents.settings import Settings
from tests.ports import free_ports

X = IngestStatus(source="x", running=True)


class Ingester:
    """What the pages are asked of."""

    def __init__(self) -> None:
        self.now = X
        self.metrics = IngestMetrics()
        self.settings = Settings(web_port=free_ports(5))

    @asynccontextmanager
    async def served(self) -> AsyncIterator[ClientSession]:
        async with (
            pages(self.settings, self.metrics, lambda: self.now),
            ClientSession(f"http://127.0.0.1:{self.settings.web_port + 4}") as client,
        ):
            yield client


async def asked(client: ClientSession, page: str) -> tuple[int, dict[str, Any]]:
    async with client.get(page) as answer:
        return answer.status, await answer.json()


async def test_an_ingester_is_live_while_its_source_is_read() -> None:
    ingester = Ingester()
    async with ingester.served() as client:
        assert await asked(client, "/health/live") == (200, {"status": "live", "source": "x", "waiting": 0})
        ingester.now = IngestStatus(source="x", running=False, waiting=7)
        assert await asked(client, "/health/live") == (503, {"status": "ended", "source": "x", "waiting": 7})


async def test_an_ingester_is_ready_while_a_connection_is_open() -> None:
    ingester = Ingester()
    connections = ingester.metrics.of("x").connections
    async with ingester.served() as client:
        for count, status in ((0, 503), (1, 200), (2, 200), (0, 503)):
            connections.set(count)
            said = await asked(client, "/health/ready")
            assert (said[0], said[1]["connections"]) == (status, count)


async def test_a_source_without_connections_is_ready_while_it_is_read() -> None:
    ingester = Ingester()
    async with ingester.served() as client:
        status, said = await asked(client, "/health/ready")
        assert (status, said["status"], said["connections"]) == (200, "ready", None)
        ingester.now = IngestStatus(source="x", running=False)
        assert (await asked(client, "/health/ready"))[0] == 503


async def test_an_ingester_that_holds_for_kafka_stays_ready_and_live() -> None:
    ingester = Ingester()
    ingester.now = IngestStatus(source="x", running=True, waiting=1_000, holding=True)
    async with ingester.served() as client:
        status, said = await asked(client, "/health/ready")
        assert (status, said["holding"], said["waiting"]) == (200, True, 1_000)
        assert (await asked(client, "/health/live"))[0] == 200


async def test_the_metrics_are_served_and_no_other_page() -> None:
    ingester = Ingester()
    ingester.metrics.of("x").posts.inc(3)
    async with ingester.served() as client:
        answer = await client.get("/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert 'vigie_ingest_posts_total{source="x"} 3.0' in await answer.text()
        assert (await client.get("/")).status == 404
        assert (await client.post("/metrics")).status == 405


async def test_a_port_that_is_taken_is_said_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    first, second = Ingester(), Ingester()
    second.settings = first.settings
    async with first.served():
        with caplog.at_level(logging.WARNING):
            async with pages(second.settings, second.metrics, lambda: second.now) as server:
                assert server is None
    assert "VIGIE_WEB_PORT" in caplog.text
    assert str(first.settings.web_port + 4) in caplog.text


async def test_nothing_is_served_when_the_web_server_is_switched_off() -> None:
    async with pages(Settings(web_port=0), IngestMetrics(), lambda: X) as server:
        assert server is None


async def test_once_it_is_over_the_port_is_free_again() -> None:
    ingester = Ingester()
    for _ in range(2):
        async with ingester.served() as client:
            assert (await asked(client, "/health/live"))[0] == 200
