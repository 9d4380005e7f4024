"""Every way in which a receiver can fail, on every kind of sink."""

from __future__ import annotations

import asyncio
import gzip
import logging
import ssl
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import trustme

from agents.embedded.probe import LOOPBACK, free_port
from agents.notify.sinks import NotNow, Undeliverable, endpoint, make_sink
from tests.agents.notify.receivers import Connection, closing, endless, http, raw, resetting, saying
from tests.agents.notify.sinks import CASES, NOW, SECRET, Case, notification

_GUARD_S = 60
"""Longer than any attempt may take: a test that hangs fails."""
_ENOUGH = 64 * 2**20
"""Far more than sockets and buffers hold, far less than a sender without end gets rid of."""

each_sink = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "TIMEOUT_S", 0.3)


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


async def failure(
    case: Case, folder: Path, session: aiohttp.ClientSession, url: str, caplog: pytest.LogCaptureFixture
) -> NotNow | Undeliverable:
    """Deliver to a receiver that fails; what is said of it names the channel and shows no secret."""
    sink = make_sink(case.channel(folder, url))
    async with asyncio.timeout(_GUARD_S):
        with pytest.raises((NotNow, Undeliverable)) as caught:
            await sink.deliver(session, notification(), now=NOW)
    error = caught.value
    assert str(error).startswith(f"channel ops, host {LOOPBACK}: ")
    told = "".join(traceback.format_exception(error, chain=True)) + repr(error) + caplog.text
    assert SECRET not in told
    assert error.__context__ is None, "what the client says of it names the address"
    assert isinstance(error, NotNow | Undeliverable)
    return error


BROKEN = {
    "closes at once": closing,
    "resets the connection": resetting,
    "is no HTTP server": saying(b"220 mail.example ESMTP\r\n"),
    "ends in the middle of the headers": saying(b"HTTP/1.1 200 OK\r\nContent-"),
    "has a status that is no number": saying(b"HTTP/1.1 OK\r\n\r\n"),
    "has two lengths": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!"),
}


@each_sink
@pytest.mark.parametrize("behaviour", BROKEN.values(), ids=BROKEN)
async def test_a_receiver_whose_answer_is_broken_is_tried_again(
    case: Case,
    behaviour: Connection,
    tmp_path: Path,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with raw(behaviour) as served:
        error = await failure(case, tmp_path, session, f"http://{LOOPBACK}:{served.port}", caplog)
    assert isinstance(error, NotNow)
    assert error.retry_after_s is None


@each_sink
async def test_a_refused_connection_is_tried_again(
    case: Case, tmp_path: Path, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    error = await failure(case, tmp_path, session, f"http://{LOOPBACK}:{free_port()}", caplog)
    assert isinstance(error, NotNow)
    assert "cannot be reached" in str(error)


@each_sink
@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-"], ids=["accepting", "half of the headers"])
async def test_a_receiver_that_hangs_is_given_up_after_the_time_out(
    case: Case,
    said: bytes,
    tmp_path: Path,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    impatient: None,
) -> None:
    async with raw(saying(said, hang=True)) as served:
        error = await failure(case, tmp_path, session, f"http://{LOOPBACK}:{served.port}", caplog)
        # It is let go, and does not keep a connection for ever.
        await asyncio.wait_for(served.ended.wait(), _GUARD_S)
    assert isinstance(error, NotNow)
    assert "no answer within 0.3 s" in str(error)


@each_sink
async def test_headers_without_end_are_not_read_without_end(
    case: Case, tmp_path: Path, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    left: list[int] = []
    async with raw(endless(b"HTTP/1.1 200 OK\r\nX: ", 65536 * b"x", left)) as served:
        error = await failure(case, tmp_path, session, f"http://{LOOPBACK}:{served.port}", caplog)
        await asyncio.wait_for(served.ended.wait(), _GUARD_S)
    assert isinstance(error, NotNow)
    assert left[0] < _ENOUGH


@each_sink
@pytest.mark.parametrize("accepting", [True, False])
async def test_a_body_without_end_is_not_read_without_end(
    case: Case,
    accepting: bool,
    tmp_path: Path,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where the body does not matter an accepting status is enough; the connection is closed in any case."""
    left: list[int] = []
    status = case.accepted if accepting else 500
    head = f"HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    async with raw(endless(head, b"10000\r\n" + 65536 * b"x" + b"\r\n", left)) as served:
        url = f"http://{LOOPBACK}:{served.port}"
        if case.reads_body or not accepting:
            assert isinstance(await failure(case, tmp_path, session, url, caplog), NotNow)
        else:
            await make_sink(case.channel(tmp_path, url)).deliver(session, notification(), now=NOW)
        await asyncio.wait_for(served.ended.wait(), _GUARD_S)
    assert left[0] < _ENOUGH


@each_sink
async def test_only_where_the_body_matters_a_receiver_that_hangs_in_it_fails(
    case: Case,
    tmp_path: Path,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    impatient: None,
) -> None:
    answer = f"HTTP/1.1 {case.accepted} OK\r\nContent-Length: 2\r\n\r\no".encode()
    async with raw(saying(answer, hang=True)) as served:
        url = f"http://{LOOPBACK}:{served.port}"
        if case.reads_body:
            assert isinstance(await failure(case, tmp_path, session, url, caplog), NotNow)
        else:
            await make_sink(case.channel(tmp_path, url)).deliver(session, notification(), now=NOW)
        await asyncio.wait_for(served.ended.wait(), _GUARD_S)


@each_sink
@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 599])
async def test_a_receiver_that_is_in_trouble_is_tried_again(
    case: Case, status: int, tmp_path: Path, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with http() as served:
        served.status, served.text = status, f"sorry, {SECRET}"
        error = await failure(case, tmp_path, session, served.url, caplog)
    assert isinstance(error, NotNow)
    assert f"answers {status}" in str(error)


@each_sink
async def test_a_refusal_for_good_says_what_it_means_for_this_receiver(
    case: Case, tmp_path: Path, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with http() as served:
        for status, meaning in case.final.items():
            served.status, served.text = status, f"no, {SECRET}"
            error = await failure(case, tmp_path, session, served.url, caplog)
            assert isinstance(error, Undeliverable), status
            assert f"answers {status}" in str(error)
            assert meaning in str(error)


@each_sink
async def test_a_refusal_that_people_can_mend_meanwhile_is_tried_again(
    case: Case, tmp_path: Path, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with http() as served:
        for served.status in case.retried:
            served.text = ""
            assert isinstance(await failure(case, tmp_path, session, served.url, caplog), NotNow), served.status


@each_sink
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("99999999999999999999999", 3600.0),
        ("Mon, 02 Mar 2026 12:01:00 GMT", 30.0),
        ("Mon, 02 Mar 2026 12:01:00 -0000", 30.0),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0.0),
        ("Fri, 02 Mar 2096 12:00:00 GMT", 3600.0),
        ("-5", None),
        ("soon", None),
        ("Mon, 99 Mar 2026 99:00:00 GMT", None),
        ("", None),
    ],
)
async def test_a_receiver_says_for_how_long_to_leave_it_alone_within_bounds(
    case: Case,
    value: str,
    seconds: float | None,
    tmp_path: Path,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with http() as served:
        served.status, served.headers = 429, {"Retry-After": value}
        error = await failure(case, tmp_path, session, served.url, caplog)
    assert isinstance(error, NotNow)
    assert error.retry_after_s == seconds


@each_sink
@pytest.mark.parametrize(("status", "kind"), [(301, Undeliverable), (302, NotNow), (307, NotNow), (308, Undeliverable)])
async def test_a_redirect_is_not_followed(
    case: Case,
    status: int,
    kind: type[Exception],
    tmp_path: Path,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with http() as elsewhere, http() as served:
        served.status, served.headers = status, {"Location": f"{elsewhere.url}/{SECRET}"}
        error = await failure(case, tmp_path, session, served.url, caplog)
    assert isinstance(error, kind)
    assert not elsewhere.calls


@each_sink
async def test_a_certificate_of_nobody_we_trust_ends_the_attempt_before_anything_is_sent(
    case: Case, tmp_path: Path, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert(LOOPBACK).configure_cert(tls)
    async with raw(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), tls) as served:
        error = await failure(case, tmp_path, session, f"https://{LOOPBACK}:{served.port}", caplog)
        assert not served.connections
    assert isinstance(error, NotNow)
    assert "TLS" in str(error)


@each_sink
async def test_a_server_without_tls_where_tls_is_asked_for_is_tried_again(
    case: Case, tmp_path: Path, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with http() as served:
        url = served.url.replace("http://", "https://")
        assert isinstance(await failure(case, tmp_path, session, url, caplog), NotNow)
        assert not served.calls


@each_sink
@pytest.mark.parametrize("body", [b"garbage", gzip.compress(bytes(100 * 2**20))], ids=["none", "a bomb"])
async def test_an_answer_that_claims_to_be_compressed_does_no_harm(
    case: Case, body: bytes, tmp_path: Path, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"HTTP/1.1 500 X\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with raw(saying(head + body)) as served:
        error = await failure(case, tmp_path, session, f"http://{LOOPBACK}:{served.port}", caplog)
    assert isinstance(error, NotNow)
