import asyncio
import gzip
from pathlib import Path

import pytest

from agents.ingest.sources.x.account import LATENCY_MS
from agents.ingest.sources.x.connection import Patience
from agents.ingest.sources.x.follow import USER_AGENT
from tests.agents.ingest.x.scene import NOW_MS, heard, line, scene

DISCONNECT = (
    b'{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect",'
    b'"detail":"This stream has been disconnected upstream for operational reasons."}]}\r\n'
)
IMPATIENT = Patience(stall_s=1.0)


async def test_posts_are_put_as_they_came_by_their_ids(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        await call.send(line(number=1) + b"\r\n" + line(number=2)[:20])
        await call.send(line(number=2)[20:])
        await at.outlet.until(lambda it: len(it.values) == 2)

    assert at.outlet.values == [line(number=1).rstrip(), line(number=2).rstrip()]
    assert at.outlet.keys == [value.split(b'"')[5] for value in at.outlet.values]
    assert at.outlet.value("passed_over_total", what="keepalive") == 1


async def test_it_says_who_it_is_and_asks_for_what_it_needs(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        assert call.request.headers["Authorization"] == "Bearer token-1"
        assert call.request.headers["User-Agent"] == USER_AGENT
        assert call.query == {"expansions": "author_id"}


async def test_a_stream_that_is_not_packed_is_read_as_well(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await (await at.connected(gzip=False)).send(line())
        await at.outlet.until(lambda it: it.values)


async def test_half_a_line_at_the_end_of_a_connection_is_never_passed_on(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        await call.send(line(number=1) + line(number=2)[:-2])
        await at.outlet.until(lambda it: it.values)
        await call.end()
        await (await at.connected()).send(line(number=3))
        await at.outlet.until(lambda it: len(it.values) == 2)

    assert at.outlet.values == [line(number=1).rstrip(), line(number=3).rstrip()]
    assert at.outlet.value("passed_over_total", what="half_line") == 1


async def test_lines_that_are_no_posts_are_passed_on_without_a_key(tmp_path: Path) -> None:
    odd = [b'{"data":{"id":', b"\xff\xfe", b"[]", b'{"new":"message"}', b'{"data":{"text":"no ID"}}', b"[" * 100_000]
    async with scene(tmp_path) as at:
        await (await at.connected()).send(b"\r\n".join([*odd, b""]) + line())
        await at.outlet.until(lambda it: len(it.values) == len(odd) + 1)

    assert at.outlet.values[:-1] == odd
    assert at.outlet.keys[:-1] == [None] * len(odd)


async def test_what_unpacks_to_many_megabytes_arrives_before_anything_else_comes(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await (await at.connected()).send(line(text="a" * 1000) * 20_000)
        await at.outlet.until(lambda it: len(it.values) == 20_000)


async def test_bytes_that_do_not_unpack_end_the_connection_and_no_more(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        await call.send(line(number=1))
        await at.outlet.until(lambda it: it.values)
        await call.send_raw(b"\x00garbage" * 100)
        await (await at.connected()).send(line(number=2))
        await at.outlet.until(lambda it: len(it.values) == 2)

    assert at.outlet.value("disconnects_total", reason="network") == 1


async def test_after_the_end_of_one_packed_body_nothing_is_lost_of_what_came_before(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        call._packer = None
        await call.send_raw(gzip.compress(line(number=1)))
        await at.outlet.until(lambda it: it.values)


@pytest.mark.parametrize("ending", ["end", "cut", "disconnect"])
async def test_a_connection_that_has_ended_is_made_again_at_once(tmp_path: Path, ending: str) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        await call.send(line())
        await at.outlet.until(lambda it: it.values)
        match ending:
            case "end":
                await call.end()
            case "cut":
                await call.cut()
            case _:
                await call.send(DISCONNECT)
        await at.connected()

    assert [wait for wait in at.waits if wait != 1.0] == [0.0]


async def test_what_x_says_of_the_stream_is_not_put(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await (await at.connected()).send(line() + DISCONNECT)
        await at.connected()

    assert at.outlet.values == [line().rstrip()]
    assert at.outlet.value("passed_over_total", what="problem") == 1
    assert at.outlet.value("disconnects_total", reason="operational") == 1


async def test_errors_beside_data_are_a_post_and_end_nothing(tmp_path: Path) -> None:
    partial = line()[:-3] + b',"errors":[{"title":"Not Found Error","resource_id":"5"}]}\r\n'
    async with scene(tmp_path) as at:
        await (await at.connected()).send(partial + line(number=1))
        await at.outlet.until(lambda it: len(it.values) == 2)

    assert None not in at.outlet.keys


async def test_a_silent_connection_is_given_up(tmp_path: Path) -> None:
    async with scene(tmp_path, patience=IMPATIENT) as at:
        await (await at.connected()).send(b"\r\n")
        await at.connected()

    assert at.outlet.value("disconnects_total", reason="stalled") == 1


async def test_so_is_one_on_which_bytes_trickle_that_end_no_line(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        await heard(at, call)
        at.passes(21)
        await call.send(b"{")
        at.passes(21)
        await call.send(b'"')
        await at.connected()

    assert at.outlet.value("disconnects_total", reason="stalled") == 1


async def test_keep_alives_keep_it_open(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        for _ in range(5):
            at.passes(20)
            await heard(at, call)
        assert len(at.x.seen) == 1


async def test_the_stop_of_the_ingester_closes_the_connection(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        call = await at.connected()
        await call.send(b"\r\n")
        await at.outlet.until(lambda it: it.value("connections") == 1)
        assert at.task is not None
        at.task.cancel()
        await asyncio.wait([at.task])
        assert at.outlet.value("connections") == 0
        assert at.outlet.marks[-1] is not None

    assert at.outlet.marks[-1] == NOW_MS - LATENCY_MS
