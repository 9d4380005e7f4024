from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from agents import exits
from agents.cli.main import main
from pipeline.notify.invented import TEST_BRAND
from schemas.reading import read_crisis_record

PLAN = """
version = 1
[channels.ops]
kind = "webhook"
url = "{url}"
secret_file = "secret"
[channels.nobody]
kind = "webhook"
url = "http://127.0.0.1:1/"
secret_file = "secret"
[[routes]]
channels = ["ops"]
brands = ["acme"]
min_level = 3
[[routes.quiet]]
start = "22:00"
end = "07:00"
timezone = "Europe/Paris"
"""


class Hook:
    """An endpoint that answers as it is told."""

    def __init__(self) -> None:
        self.status = 204
        self.bodies: list[bytes] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(status=self.status)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made, app = Hook(), web.Application()
    app.router.add_post("/", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield made
    await runner.cleanup()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "secret").write_text("a-secret-that-is-long-enough", encoding="utf-8")
    (tmp_path / "watchlist.toml").write_text('version = 1\n[brands.acme]\nhandles = ["acme"]\n', encoding="utf-8")
    monkeypatch.setenv("VIGIE_WATCHLIST", str(tmp_path / "watchlist.toml"))
    return tmp_path / "notify.toml"


def write(file: Path, *, url: str) -> None:
    file.write_text(PLAN.format(url=url), encoding="utf-8")


def notify(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["notify", *arguments])


async def test_a_test_alarm_and_its_end_are_sent_to_one_channel_and_marked_as_what_they_are(
    file: Path, hook: Hook
) -> None:
    write(file, url=hook.url)
    result = await asyncio.to_thread(notify, "test", "ops", "--file", str(file))
    assert result.exit_code == exits.OK, result.output
    events = [read_crisis_record(body) for body in hook.bodies]
    assert [str(event.type) for event in events] == ["opened", "communication_overdue", "resolved"]
    assert {event.brand for event in events} == {TEST_BRAND}
    assert len({event.crisis_id for event in events}) == 1


@pytest.mark.parametrize("status", [400, 500])
async def test_a_test_alarm_that_is_not_taken_is_said_to_be_so_and_why(file: Path, hook: Hook, status: int) -> None:
    write(file, url=hook.url)
    hook.status = status
    result = await asyncio.to_thread(notify, "test", "ops", "--file", str(file))
    assert result.exit_code == exits.FAILED
    assert str(status) in result.output
    assert len(hook.bodies) == 1


def test_a_channel_that_is_not_there_is_named_with_those_that_are(file: Path) -> None:
    file.write_text(PLAN.format(url="http://127.0.0.1:1/"), encoding="utf-8")
    result = notify("test", "opps", "--file", str(file))
    assert result.exit_code == exits.USAGE
    assert "no channel opps" in result.output
    assert "nobody, ops" in result.output


def test_check_says_who_is_told_of_what(file: Path) -> None:
    file.write_text(PLAN.format(url="https://example.org/"), encoding="utf-8")
    result = notify("check", "--file", str(file))
    assert result.exit_code == exits.OK, result.output
    assert "channel ops: webhook\n    acme, from level 3 (crisis) on\n" in result.output
    assert "quiet 22:00 to 07:00 Europe/Paris, every day: below level 4 waits" in result.output
    assert "channel nobody: webhook\n    nothing: no route leads here" in result.output
    assert "budget: 6 alarms in 24 hours" in result.output
    assert json.loads(notify("check", "--file", str(file), "--json").output)["ok"] is True


def test_check_names_a_brand_that_is_not_on_the_watchlist(file: Path) -> None:
    file.write_text(PLAN.replace('"acme"', '"acme", "amce"').format(url="https://example.org/"), encoding="utf-8")
    result = notify("check", "--file", str(file))
    assert result.exit_code == exits.FAILED
    assert "not on the watchlist: amce" in result.output


@pytest.mark.parametrize("secret", [None, ""])
def test_check_names_what_is_wrong(file: Path, secret: str | None) -> None:
    file.write_text(PLAN.format(url="https://example.org/"), encoding="utf-8")
    (file.parent / "secret").unlink()
    if secret is not None:
        (file.parent / "secret").write_text(secret, encoding="utf-8")
    result = notify("check", "--file", str(file))
    assert result.exit_code == exits.CONFIG
    assert "channel nobody" in result.output
    assert "secret" in result.output


def test_without_a_file_there_is_nothing_to_check() -> None:
    result = notify("check")
    assert result.exit_code == exits.CONFIG
    assert "VIGIE_NOTIFY" in result.output
