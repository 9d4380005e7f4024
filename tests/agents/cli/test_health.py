from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from agents import exits
from agents.app import create_app
from agents.cli.main import main
from agents.ingest.pages import IngestStatus
from agents.ingest.pages import pages as ingest_pages
from agents.metrics.ingest import IngestMetrics
from agents.role import Role
from agents.settings import load_settings
from tests.brokers.base import Broker
from tests.live.vigie import Vigie, until
from tests.ports import free_ports

WATCHLIST = 'version = 1\n[brands.acme]\naliases = ["Acme"]\n'


@asynccontextmanager
async def pages(port: int = 0, *, ready: bool = True, stuck: bool = False) -> AsyncIterator[int]:
    """A role's pages, as agents/web.py answers them; yields the port."""

    def page(status: str, *, well: bool) -> web.Response:
        return web.json_response({"status": status}, status=200 if well else 503)

    async def live(request: web.Request) -> web.Response:
        return page("stuck" if stuck else "live", well=not stuck)

    async def is_ready(request: web.Request) -> web.Response:
        return page("ready" if ready else "waiting", well=ready)

    app = web.Application()
    app.add_routes([web.get("/health/live", live), web.get("/health/ready", is_ready)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def ask(*arguments: str, port: int, **environment: str) -> Result:
    variables = {"VIGIE_WEB_PORT": str(port), **environment}
    return await asyncio.to_thread(CliRunner().invoke, main, ["health", *arguments], env=variables)


async def test_a_role_that_answers_is_well() -> None:
    async with pages() as port:
        result = await ask("--role", "enrich", port=port)
    assert (result.exit_code, result.output) == (0, "ok      enrich: live\n")


async def test_a_role_that_calls_itself_stuck_is_not_well() -> None:
    async with pages(stuck=True) as port:
        result = await ask("--role", "enrich", port=port)
    assert (result.exit_code, result.output) == (1, "FAILED  enrich: stuck\n")


async def test_a_role_that_waits_for_its_partitions_is_well_but_not_ready() -> None:
    async with pages(ready=False) as port:
        assert (await ask("--role", "enrich", port=port)).exit_code == 0
        result = await ask("--role", "enrich", "--ready", port=port)
    assert (result.exit_code, result.output) == (1, "FAILED  enrich: waiting\n")


async def test_every_role_that_the_worker_runs_is_asked(tmp_path: Path) -> None:
    async with pages() as port, pages(port + 1), pages(port + 3):
        assert (await ask(port=port)).exit_code == 0
        result = await ask("--json", port=port, VIGIE_NOTIFY=str(tmp_path / "notify.toml"))
    said = json.loads(result.output)
    assert result.exit_code == 1
    assert {name: answer["ok"] for name, answer in said.items()} == {
        "enrich": True,
        "track": True,
        "notify": False,
        "erase": True,
    }
    assert "no answer at 127.0.0.1" in said["notify"]["detail"]


async def test_a_worker_that_serves_everywhere_is_asked_on_this_machine() -> None:
    async with pages() as port:
        assert (await ask("--role", "enrich", port=port, VIGIE_WEB_HOST="0.0.0.0")).exit_code == 0  # noqa: S104 - asked about


async def test_an_ingester_is_asked_at_the_port_on_which_it_serves(tmp_path: Path) -> None:
    settings = load_settings(web_port=free_ports(5))
    now = IngestStatus(source="x", running=True)
    metrics = IngestMetrics()
    metrics.of("x").connections.set(0)
    async with ingest_pages(settings, metrics, lambda: now):
        assert (await ask("--ingest", port=settings.web_port)).output == "ok      ingest: live, x\n"
        result = await ask("--ingest", "--ready", port=settings.web_port)
        assert (result.exit_code, result.output) == (1, "FAILED  ingest: waiting, x\n")
    assert (await ask("--ingest", port=settings.web_port)).exit_code == 1


def test_a_role_and_the_ingester_are_not_asked_at_once() -> None:
    result = CliRunner().invoke(main, ["health", "--ingest", "--role", "track"])
    assert result.exit_code == exits.USAGE
    assert "--ingest" in result.output


def test_a_worker_that_serves_nothing_cannot_be_asked() -> None:
    result = CliRunner().invoke(main, ["health"], env={"VIGIE_WEB_PORT": "0"})
    assert result.exit_code == 1
    assert "VIGIE_WEB_PORT" in result.output


@pytest.mark.parametrize("role", [Role.ENRICH, Role.TRACK])
async def test_a_role_is_asked_at_the_port_on_which_its_worker_serves(role: Role, tmp_path: Path) -> None:
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text(WATCHLIST)
    async with pages() as port:
        first = port - list(Role).index(role)
        app = create_app(load_settings(web_port=first, watchlist=watchlist), role)
        assert app.conf.web_port == port
        assert (await ask("--role", role.value, port=first)).exit_code == 0


@pytest.mark.embedded
def test_a_real_worker_says_that_it_is_well_and_ready(broker: Broker, topic_prefix: str, tmp_path: Path) -> None:
    vigie = Vigie(broker, tmp_path, topic_prefix, WATCHLIST, web_port=free_ports(len(Role)))
    vigie.create_topics(raw_partitions=1, partitions=1)
    variables = {"VIGIE_WEB_PORT": str(vigie.settings.web_port)}

    def asked(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["health", *arguments], env=variables)

    with vigie.worker():
        until(lambda: asked("--ready").exit_code == 0, what="every role ready", trial=vigie)
        assert asked().output == "ok      enrich: live\nok      track: live\nok      erase: live\n"
    assert asked().exit_code == 1
