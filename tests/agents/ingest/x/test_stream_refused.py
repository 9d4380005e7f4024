"""Answers that are no stream: what is waited, what is said, what ends the process."""

import asyncio
from pathlib import Path

import pytest

from agents import exits
from agents.ingest.contract import SourceRefused
from tests.agents.ingest.x.scene import NOW_MS, Scene, scene

TOO_MANY = {
    "title": "ConnectionException",
    "detail": "This stream is currently at the maximum allowed connection limit.",
    "connection_issue": "TooManyConnections",
    "type": "https://api.x.com/2/problems/streaming-connection",
}
CAPPED = {"title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly product cap"}
BEFORE = NOW_MS - 60_000


def waited(at: Scene) -> list[float]:
    return [wait for wait in at.waits if wait != 1.0]


async def refusal(at: Scene) -> str:
    assert at.task is not None
    async with asyncio.timeout(10):
        with pytest.raises(SourceRefused) as refused:
            await at.task
    assert refused.value.exit_code == exits.CONFIG
    return str(refused.value)


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (400, "--backfill"),
        (401, "x_token_file (VIGIE_X_TOKEN_FILE)"),
        (403, "Ask for access"),
        (404, "x_api (VIGIE_X_API)"),
    ],
)
async def test_a_refusal_at_the_very_first_start_ends_it_and_names_what_to_look_at(
    tmp_path: Path, status: int, named: str
) -> None:
    async with scene(tmp_path) as at:
        await (await at.x.next()).refuse(status, {"title": "No", "detail": "Because we say so."})
        said = await refusal(at)

    assert named in said
    assert "No: Because we say so." in said
    assert "token-1" not in said


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
async def test_later_it_is_tried_again(tmp_path: Path, status: int) -> None:
    async with scene(tmp_path, BEFORE) as at:
        for _ in range(3):
            await (await at.x.next()).refuse(status)
        await at.connected()

    assert waited(at) == [5.0, 10.0, 20.0]
    assert {reason for _, _, reason in at.outlet.gaps} == {"restart", "refused"}
    assert at.outlet.value("disconnects_total", reason="refused") == 3


async def test_it_is_later_too_once_a_connection_was_made_in_this_run(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await (await at.connected()).cut()
        await (await at.x.next()).refuse(401)
        await at.connected()


async def test_a_storm_of_errors_is_waited_out_longer_and_longer(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        for _ in range(8):
            await (await at.x.next()).refuse(503)
        await at.connected()

    assert waited(at) == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 320.0]


async def test_a_network_that_is_gone_is_tried_often(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        for _ in range(6):  # aiohttp itself asks once more when there was no answer
            await (await at.x.next()).cut()
        await at.connected()

    assert waited(at) == [0.25, 0.5, 0.75]


async def test_too_many_requests_wait_until_x_takes_them_again_by_its_clock(tmp_path: Path) -> None:
    reset = str(NOW_MS // 1000 + 130)
    async with scene(tmp_path, wall_s=NOW_MS / 1000 + 3600) as at:
        await (await at.x.next()).refuse(429, x_rate_limit_remaining="0", x_rate_limit_reset=reset)
        await at.connected()

    assert waited(at) == [131.0]


@pytest.mark.parametrize("reset", ["", "soon", "-5", "9" * 400, "1"])
async def test_without_a_sensible_header_it_is_a_minute_and_doubles(tmp_path: Path, reset: str) -> None:
    async with scene(tmp_path) as at:
        for _ in range(2):
            await (await at.x.next()).refuse(429, x_rate_limit_remaining="0", x_rate_limit_reset=reset)
        await at.connected()

    assert waited(at) == [60.0, 120.0]


@pytest.mark.parametrize(("body", "label"), [(TOO_MANY, "too_many_connections"), (CAPPED, "usage_cap")])
async def test_too_many_of_something_else_do_not_wait_for_the_requests(
    tmp_path: Path, body: object, label: str
) -> None:
    reset = str(NOW_MS // 1000 + 800)
    async with scene(tmp_path, BEFORE) as at:
        await (await at.x.next()).refuse(429, body, x_rate_limit_remaining="0", x_rate_limit_reset=reset)
        await at.connected()

    assert waited(at) == [60.0]
    assert at.outlet.value("disconnects_total", reason=label) == 1


async def test_too_many_connections_on_a_stream_are_waited_out_too(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await (await at.connected()).send(
            b'{"title":"ConnectionException","connection_issue":"TooManyConnections","type":"t"}\r\n'
        )
        await at.connected()

    assert waited(at) == [60.0]


async def test_a_rotated_token_is_read_before_anything_is_waited(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.x.next()
        at.token.write_text("token-2")
        await call.refuse(401)
        call = await at.x.next()
        assert call.request.headers["Authorization"] == "Bearer token-2"
        await call.begin()

    assert waited(at) == []


async def test_a_token_file_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    async with scene(tmp_path, BEFORE) as at:
        call = await at.connected()
        at.token.unlink()
        await call.cut()
        await at.until(lambda: len(waited(at)) >= 3)
        at.token.write_text("token-3")
        assert (await at.x.next()).request.headers["Authorization"] == "Bearer token-3"

    assert waited(at)[:3] == [0.25, 5.0, 10.0]


async def test_redirects_are_not_followed_for_the_token_would_go_along(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await (await at.x.next()).refuse(302, Location=f"{at.api}/elsewhere")
        assert (await at.x.next()).request.path == "/stream"


async def test_news_are_told_once_and_what_stays_wrong_each_minute(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(tmp_path) as at:
        for passed in (0, 10, 10, 50):
            at.passes(passed)
            await (await at.x.next()).refuse(503, {"title": "Service Unavailable"})
        await at.connected()

    told = [record.getMessage() for record in caplog.records if "503" in record.getMessage()]
    assert told == [
        "filtered stream: X answers 503 (Service Unavailable): Service Unavailable; next try in 5.0 s",
        "filtered stream: X answers 503 (Service Unavailable): Service Unavailable; next try in 40.0 s",
    ]


async def test_the_words_of_an_error_stay_one_line_and_bounded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(tmp_path) as at:
        await (await at.x.next()).refuse(503, {"title": "a\nb\x1b[31m", "detail": "x" * 100_000})
        await at.connected()

    (said,) = [record.getMessage() for record in caplog.records if "503" in record.getMessage()]
    assert "\n" not in said
    assert "\x1b" not in said
    assert len(said) < 800
