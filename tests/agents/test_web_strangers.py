"""What strangers may do to the pages of a worker: they get no more than the pages, and keep nobody else from them."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from agents import web
from agents.app import VigieApp, create_app
from agents.embedded.probe import LOOPBACK, free_port
from agents.role import Role
from agents.settings import Settings
from agents.web import Exposition
from pipeline.simulate import demo_watchlist

PAGES = ("/health/live", "/health/ready", "/metrics")
SOON_S = 0.2
"""The time of a connection, where a test is about its end."""
MUCH = b"x" * 40_000_000
"""More than both ends of a connection hold for a reader that does not read."""


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[VigieApp]:
    """An application of which nothing but its pages is started."""
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text(demo_watchlist(), encoding="utf-8")
    settings = Settings(brokers="127.0.0.1:1", watchlist=watchlist, data_dir=tmp_path, web_port=free_port())
    made = create_app(settings, Role.ENRICH)
    await made.web.on_start()
    yield made
    await made.web.on_stop()
    cast("Any", made.consumer)._thread.thread_loop.close()  # nobody else does, as it never starts


class Stranger:
    """A connection of somebody."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def at(cls, app: VigieApp) -> Stranger:
        return cls(*await asyncio.open_connection(LOOPBACK, app.conf.web_port))

    def say(self, what: bytes) -> None:
        self._writer.write(what)

    def leave(self) -> None:
        self._writer.close()

    async def hears(self) -> bytes:
        """Everything until the server ends the connection, however it does."""
        heard = b""
        try:
            while some := await self._reader.read(1_000_000):
                heard += some
        except ConnectionError:
            return heard
        finally:
            self.leave()
        return heard


async def asked(app: VigieApp, what: bytes) -> bytes:
    stranger = await Stranger.at(app)
    stranger.say(what)
    return await stranger.hears()


def request(path: str, method: str = "GET", *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: vigie", *headers, "", ""]).encode()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def well(app: VigieApp) -> bool:
    """Whether somebody who asks properly is answered."""
    return status(await asked(app, request("/health/live"))) == 200


async def test_the_pages_are_for_this_machine_unless_more_is_asked_for(app: VigieApp) -> None:
    assert Settings.model_fields["web_host"].default == LOOPBACK
    assert [host for host, _ in cast("Any", app.web).addresses] == [LOOPBACK]


@pytest.mark.parametrize("path", ["/", "/table/", "/router/", "/router/topics", "/graph/", "/stats", "/metrics/", "//"])
async def test_no_other_page_is_served(app: VigieApp, path: str) -> None:
    assert status(await asked(app, request(path))) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
async def test_the_pages_can_be_looked_at_and_nothing_else(app: VigieApp, method: str) -> None:
    for path in PAGES:
        assert status(await asked(app, request(path, method))) == 405
    assert status(await asked(app, request("/health/live", "HEAD"))) == 200


async def test_an_answer_says_nothing_of_the_software_and_its_versions(app: VigieApp) -> None:
    answer = await asked(app, request("/health/live"))
    assert b"Server: vigie\r\n" in answer
    assert b"aiohttp" not in answer.lower()


async def test_a_connection_takes_one_request(app: VigieApp) -> None:
    answer = await asked(app, request("/health/live") * 100)
    assert answer.count(b"HTTP/1.1") == 1
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "sent",
    [
        request("/" + "x" * 10_000),
        request("/" + "x" * 10_000_000),
        request("/metrics?" + "x" * 10_000),
        request("/metrics", "GET", "X: " + "x" * 10_000),
        request("/metrics", "GET", "X" * 10_000 + ": x"),
        request("/metrics", "GET", *(f"X-{n}: x" for n in range(200))),
        b"GET /metrics HTTP/1.1\r\n" + b"X: " + b"x" * 10_000_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0" * 10_000,
        b"get /metrics http/1.1\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET http://[::1/metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        request("/metrics", "GET", "Content-Length: -1"),
        request("/metrics", "GET", "Content-Length: 5", "Transfer-Encoding: chunked"),
    ],
    ids=lambda sent: repr(sent[:30])[2:-1] + f"... ({len(sent)} bytes)",
)
async def test_what_is_too_long_or_no_request_is_refused_in_silence(
    app: VigieApp, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await asked(app, sent)
    assert not answer or status(answer) == 400
    assert not caplog.records
    assert await well(app)


async def test_bytes_of_any_kind_end_no_server(app: VigieApp, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(4711)
    beginnings = (b"", b"GET /metrics HTTP/1.1\r\n", request("/metrics", "POST", "Transfer-Encoding: chunked"))
    for _ in range(100):
        stranger = await Stranger.at(app)
        stranger.say(dice.choice(beginnings) + dice.randbytes(dice.randrange(2_000)) + b"\r\n\r\n")
        if dice.random() < 0.5:
            stranger.say(request("/metrics"))
        stranger.leave()
    assert await well(app)
    assert not caplog.records


@pytest.mark.parametrize(
    "body",
    [
        request("/metrics", "POST", "Content-Length: 10000000000"),
        request("/metrics", "POST", "Transfer-Encoding: chunked") + b"ffffffff\r\n" + b"x" * 1_000_000,
        request("/metrics", "GET", "Content-Length: 100", "Expect: 100-continue"),
        request("/metrics", "GET", "Content-Encoding: gzip", "Content-Length: 1000000") + b"\x1f\x8b\x08",
        request("/metrics", "GET", "Connection: upgrade", "Upgrade: websocket") + b"x" * 1_000_000,
    ],
    ids=["endless", "in pieces", "expected", "packed", "upgraded"],
)
async def test_a_body_is_not_waited_for(app: VigieApp, body: bytes) -> None:
    await asked(app, body)
    assert await well(app)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "CONNECTION_S", SOON_S)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("said", [b"", b"G", b"GET /metrics HTTP/1.1\r\nHost: ", request("/metrics")[:-2]])
async def test_a_connection_that_says_too_little_is_ended_in_time(app: VigieApp, said: bytes) -> None:
    assert await asked(app, said) == b""


@pytest.mark.usefixtures("short")
async def test_an_answer_that_nobody_reads_is_given_up(app: VigieApp, monkeypatch: pytest.MonkeyPatch) -> None:
    def text(self: Exposition) -> bytes:
        return MUCH

    monkeypatch.setattr(Exposition, "text", text)
    slow = await Stranger.at(app)
    cast("Any", slow._writer.transport).pause_reading()
    slow.say(request("/metrics"))
    assert await asked(app, b"") == b""  # begun later, and over
    cast("Any", slow._writer.transport).resume_reading()
    assert len(await slow.hears()) < len(MUCH)


async def test_whoever_holds_connections_open_keeps_nobody_out(app: VigieApp) -> None:
    idle = [await Stranger.at(app) for _ in range(2 * web.CONNECTIONS)]
    for stranger in idle:
        stranger.say(b"GET /met")
    assert await well(app)
    ended = [await stranger.hears() for stranger in idle[: web.CONNECTIONS]]
    assert ended == [b""] * web.CONNECTIONS
    assert await well(app)
    idle[-1].say(b"rics HTTP/1.1\r\nHost: vigie\r\n\r\n")
    assert status(await idle[-1].hears()) == 200
    for stranger in idle:
        stranger.leave()


async def test_a_page_that_fails_is_said_without_what_it_failed_over(
    app: VigieApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    words = "what a shame"

    def fail(self: Exposition) -> bytes:
        raise ValueError(words)

    monkeypatch.setattr(Exposition, "text", fail)
    answer = await asked(app, request("/metrics"))
    assert status(answer) == 500
    assert "a page failed: ValueError" in caplog.text
    assert words not in caplog.text + answer.decode()
    assert await well(app)


def test_metrics_are_made_anew_while_that_takes_less_than_a_tenth_of_the_time() -> None:
    seconds = [100.0]
    made = []

    def make() -> bytes:
        made.append(seconds[0])
        seconds[0] += 0.5
        return str(len(made)).encode()

    exposition = Exposition(make, lambda: seconds[0])
    said = []
    for _ in range(30):
        said.append(exposition.text())
        seconds[0] += 0.5
    assert said[:10] == [b"1"] * 9 + [b"2"]
    assert made == [100.0, 105.0, 110.0, 115.0]
