"""Jetstream as a source, against a local server: nothing is lost in silence, and a gap is what could not be had."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agents.ingest.contract import Mark, Post, SourceRefused
from agents.ingest.sources.jetstream.knownfile import KnownFile
from agents.ingest.sources.jetstream.source import Jetstream
from agents.settings import Settings, load_settings
from pipeline.ingest.backoff import Backoff, Failure
from pipeline.ingest.coverage import Missing
from schemas.codec import encode
from tests.agents.ingest.kept import NEVER, Kept
from tests.ingest.jetserver import DID, JetServer, account, delete, post

pytestmark = pytest.mark.timeout(60)

S = 1_000_000
US = 1_725_911_162 * S
WATCHLIST = 'version = 1\n[brands.acme]\nname = "Acme"\naliases = ["Acme Air"]\n'


class AtOnce(Backoff):
    """Waits for nothing, and remembers why it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[tuple[Failure, float | None]] = []

    def after(self, failure: Failure, *, reset_s: float | None = None) -> float:
        self.failures.append((failure, reset_s))
        return 0.01


def about(time_us: int, rkey: str) -> dict[str, Any]:
    return post(time_us, rkey, "Acme Air lost my bag")


class Bench:
    """A server, an outlet and a source between them."""

    def __init__(self, folder: Path, server: JetServer) -> None:
        self.folder = folder
        self.server = server
        self.watchlist = folder / "watchlist.toml"
        self.watchlist.write_text(WATCHLIST, encoding="utf-8")
        self.backoff = AtOnce()
        self.now_s = 0.0

    def settings(self, **more: Any) -> Settings:
        chosen: dict[str, Any] = {
            "watchlist": self.watchlist,
            "ingest_dir": self.folder / "ingest",
            "jetstream_url": self.server.url,
        }
        return load_settings(**chosen | more)

    def source(self, **options: Any) -> Jetstream:
        return Jetstream(self.settings(), backoff=self.backoff, **options)

    @asynccontextmanager
    async def listening(self, resumed: Mark = NEVER, **options: Any) -> AsyncIterator[Kept]:
        kept = Kept(resumed)
        asked = len(self.server.asked)
        task = asyncio.create_task(self.source(**options).run(kept))
        connected = asyncio.create_task(self.server.connected(asked + 1))
        try:
            await asyncio.wait({task, connected}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            yield kept
        finally:
            connected.cancel()
            task.cancel()
            await asyncio.gather(task, connected, return_exceptions=True)


def with_bench(test: Callable[[Bench], Awaitable[None]]) -> Callable[[Path], None]:
    """Run a test in a loop with a server."""

    async def run(folder: Path) -> None:
        server = JetServer()
        await server.start()
        try:
            await test(Bench(folder, server))
        finally:
            await server.stop()

    def wrapped(tmp_path: Path) -> None:
        asyncio.run(run(tmp_path))

    wrapped.__name__ = test.__name__
    wrapped.__doc__ = test.__doc__
    return wrapped


@with_bench
async def test_what_is_about_a_brand_is_put_as_it_came_and_the_rest_is_counted(bench: Bench) -> None:
    mine = about(US + 2, "b")
    async with bench.listening() as kept:
        await bench.server.publish(post(US, "a", "Good morning"), post(US + 1, "z", "Hello"), mine)
        await bench.server.publish(account(US + 3, did="did:plc:x"), about(US + 4, "c"))
        await kept.until(lambda: len(kept.posts) == 2)
    assert kept.posts[0] == Post(f"at://{DID}/app.bsky.feed.post/b".encode(), encode(mine))
    assert (kept.counted("unmatched"), kept.counted("deletion")) == (2, 1)
    assert kept.gaps == []
    assert kept.last_mark == Mark((US + 4) // 1000, str(US + 4))
    assert bench.server.asked == [{"wantedCollections": "app.bsky.feed.post"}]


@with_bench
async def test_after_a_drop_it_goes_on_a_little_before_where_it_was_and_nothing_is_missing(bench: Bench) -> None:
    async with bench.listening() as kept:
        await bench.server.publish(about(US, "a"), about(US + S, "b"))
        await kept.until(lambda: len(kept.posts) == 2)
        await bench.server.drop()
        await bench.server.publish(about(US + 2 * S, "c"), about(US + 3 * S, "d"))
        await bench.server.connected(2)
        await kept.until(lambda: "d" in kept.keys)
    assert bench.server.asked[1]["cursor"] == str(US + S - 5 * S)
    assert kept.keys == ["a", "b", "a", "b", "c", "d"]
    assert kept.gaps == []
    assert bench.backoff.failures[0] == (Failure.NETWORK, None)


@with_bench
async def test_posts_are_put_with_the_time_of_the_stream_by_which_they_were_seen(bench: Bench) -> None:
    async with bench.listening() as kept:
        await bench.server.publish(about(US, "a"), about(US + 1_000 * S, "b"), about(US + 2_000 * S, "c"))
        await kept.until(lambda: len(kept.posts) == 3)
    assert [received_ms for received_ms in kept.received_ms if received_ms is not None][-1] == US // 1000 + 2_000_000


@with_bench
async def test_a_ping_that_cannot_be_answered_any_more_is_the_end_of_a_connection_and_no_more(bench: Bench) -> None:
    async def no_answer(*_: Any) -> None:
        raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiohttp.ClientWebSocketResponse, "pong", no_answer)
        async with bench.listening() as kept:
            await bench.server.publish(about(US, "a"), about(US + 1, "b"))
            await kept.until(lambda: len(kept.posts) == 2)
            await bench.server.ping()
            await bench.server.connected(2)
    assert bench.backoff.failures[0] == (Failure.NETWORK, None)


@with_bench
async def test_a_stalled_connection_is_made_anew_though_it_answers_pings(bench: Bench) -> None:
    async with bench.listening(stall_s=0.3) as kept:
        await bench.server.publish(about(US, "a"), about(US + 1, "b"))
        await kept.until(lambda: len(kept.posts) == 2)
        bench.server.silent = True
        await bench.server.publish(about(US + 2, "c"))
        await bench.server.connected(2)
        bench.server.silent = False
        await bench.server.connected(3)
        await kept.until(lambda: "c" in kept.keys)
    assert kept.gaps == []


@with_bench
async def test_a_restart_goes_on_from_the_last_mark(bench: Bench) -> None:
    async with bench.listening() as first:
        await bench.server.publish(about(US, "a"), about(US + 100 * S, "b"))
        await first.until(lambda: len(first.posts) == 2)
    await bench.server.publish(about(US + 101 * S, "c"), about(US + 160 * S, "d"))
    async with bench.listening(first.last_mark) as second:
        await second.until(lambda: "d" in second.keys)
    assert second.gaps == []
    assert second.keys[-2:] == ["c", "d"]


@with_bench
async def test_what_the_server_does_not_hold_any_more_is_a_gap_before_the_first_post_behind_it(bench: Bench) -> None:
    day = 24 * 3600 * S
    await bench.server.publish(about(US + 2 * day, "x"), about(US + 2 * day + S, "y"))
    async with bench.listening(Mark(US // 1000, str(US))) as kept:
        await kept.until(lambda: "y" in kept.keys)
    assert kept.gaps == [(Missing(US // 1000, (US + 2 * day) // 1000), "restart")]
    assert kept.order.index(kept.gaps[0]) < kept.order.index(kept.posts[0])


@with_bench
async def test_while_it_is_down_what_gets_too_old_to_be_sent_again_is_a_gap_piece_by_piece(bench: Bench) -> None:
    now_s = 0.0
    async with bench.listening(retention_h=1.0, monotonic=lambda: now_s) as kept:
        await bench.server.publish(about(US, "a"), about(US + S, "b"))
        await kept.until(lambda: len(kept.posts) == 2)
        await bench.server.stop()
        now_s = 3600.0 + 1
        await kept.until(lambda: kept.gaps)
        now_s = 3600.0 + 11
        await kept.until(lambda: len(kept.gaps) == 2)
    until_ms = (US + S) // 1000
    assert kept.gaps == [
        (Missing(until_ms, until_ms + 1000), "disconnected"),
        (Missing(until_ms + 1000, until_ms + 11_000), "disconnected"),
    ]
    assert kept.last_mark.until_ms == until_ms + 11_000


@with_bench
async def test_refusals_are_waited_out_by_their_kind(bench: Bench) -> None:
    bench.server.answers = [(429, {"Retry-After": "7"}), (503, {}), (403, {})]
    async with bench.listening() as kept:
        await bench.server.publish(about(US, "a"), about(US + 1, "b"))
        await kept.until(lambda: len(kept.posts) == 2)
    assert bench.backoff.failures[:3] == [(Failure.RATE_LIMIT, 7.0), (Failure.HTTP, None), (Failure.HTTP, None)]


@with_bench
async def test_an_address_without_a_jetstream_is_refused_at_the_start_and_waited_for_later(bench: Bench) -> None:
    bench.server.answers = [(404, {})]
    with pytest.raises(SourceRefused, match="VIGIE_JETSTREAM_URL"):
        async with bench.listening():
            pass
    async with bench.listening() as kept:
        await bench.server.publish(about(US, "a"), about(US + 1, "b"))
        await kept.until(lambda: len(kept.posts) == 2)
        bench.server.answers = [(404, {})]
        await bench.server.drop()
        await bench.server.connected(2)


@with_bench
async def test_garbage_becomes_dead_letters_and_moves_nothing(bench: Bench) -> None:
    garbage = [b"{", b"\xff\xfe", b"[1]", b"", encode({**about(99 * US, "f"), "time_us": 99 * US})]
    async with bench.listening() as kept:
        await bench.server.publish(about(US, "a"), about(US + 1, "b"))
        for value in garbage:
            await bench.server.say(value)
        await bench.server.publish(about(US + 2, "c"), about(US + 3, "d"))
        await kept.until(lambda: "d" in kept.keys)
    assert [each.value for each in kept.posts if each.key is None] == garbage[:4]
    assert kept.last_mark == Mark((US + 3) // 1000, str(US + 3))
    assert len(bench.server.asked) == 1


@with_bench
async def test_two_absurd_times_hide_no_gap(bench: Bench) -> None:
    async with bench.listening() as kept:
        await bench.server.publish(about(US, "a"), about(US + S, "b"))
        ahead = US + 20 * 3600 * S
        for time_us in (ahead, ahead + 1):
            await bench.server.say(encode(about(time_us, f"far{time_us}")))
        await kept.until(lambda: len(kept.posts) == 4)
        await bench.server.drop()
        await bench.server.connected(2)
        for number in range(40):  # what a server sends that is asked for what is to come
            await bench.server.say(encode(about(US + 600 * S + number, f"n{number}")))
        await kept.until(lambda: "n39" in kept.keys)
        await kept.until(lambda: kept.gaps)
    assert kept.gaps == [(Missing((US + S) // 1000, (US + 600 * S) // 1000), "disconnected")]
    assert kept.last_mark == Mark((US + 600 * S) // 1000, str(US + 600 * S + 39))


@with_bench
async def test_an_event_that_is_larger_than_any_is_stepped_over_with_a_gap(bench: Bench) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agents.ingest.sources.jetstream.source._MOST_BYTES", 2_000)
        async with bench.listening() as kept:
            await bench.server.publish(about(US, "a"), about(US + S, "b"))
            await kept.until(lambda: len(kept.posts) == 2)
            await bench.server.publish(post(US + 2 * S, "huge", "Acme Air" * 500))
            await bench.server.connected(2)
            await bench.server.publish(about(US + 9 * S, "c"), about(US + 10 * S, "d"))
            await kept.until(lambda: "d" in kept.keys)
    assert "cursor" not in bench.server.asked[1]
    assert kept.gaps == [(Missing((US + S) // 1000, (US + 9 * S) // 1000), "disconnected")]


@with_bench
async def test_deletions_of_what_was_passed_on_are_passed_on_after_a_restart_too(bench: Bench) -> None:
    async with bench.listening() as first:
        await bench.server.publish(about(US, "a"), about(US + 1, "b"))
        await first.until(lambda: len(first.posts) == 2)
    async with bench.listening(first.last_mark) as second:
        await bench.server.publish(delete(US + 2, "a"), delete(US + 3, "z"), account(US + 4))
        await second.until(lambda: DID in second.keys)
    assert second.keys[-2:] == ["a", DID]
    assert second.counted("deletion") == 1


@with_bench
async def test_without_its_memory_it_passes_on_every_deletion(bench: Bench) -> None:
    async with bench.listening(Mark(US // 1000, str(US))) as kept:
        await bench.server.publish(delete(US + 2, "a"), delete(US + 3, "z"))
        await kept.until(lambda: len(kept.posts) == 2)
    assert kept.keys == ["a", "z"]


@with_bench
async def test_the_watchlist_is_read_again_when_it_changes_and_a_wrong_one_changes_nothing(bench: Bench) -> None:
    now_s = 0.0
    async with bench.listening(monotonic=lambda: now_s) as kept:
        await bench.server.publish(post(US, "a", "Globex is late"), about(US + 1, "b"))
        await kept.until(lambda: len(kept.posts) == 1)
        bench.watchlist.write_text("version = 2", encoding="utf-8")
        now_s = 10.0
        await bench.server.publish(post(US + 2, "c", "Globex is late"), about(US + 3, "d"))
        await kept.until(lambda: len(kept.posts) == 2)
        bench.watchlist.write_text(WATCHLIST.replace("Acme Air", "Globex"), encoding="utf-8")
        now_s = 20.0
        await bench.server.publish(post(US + 4, "e", "Globex is late"), about(US + 5, "f"))
        await kept.until(lambda: len(kept.posts) == 3)
    assert kept.keys == ["b", "d", "e"]


def test_an_address_that_is_not_secured_is_for_this_machine_only(tmp_path: Path) -> None:
    (tmp_path / "watchlist.toml").write_text(WATCHLIST, encoding="utf-8")
    chosen: dict[str, Any] = {
        "watchlist": tmp_path / "watchlist.toml",
        "jetstream_url": "ws://jetstream.example:6008/subscribe",
    }
    with pytest.raises(SourceRefused, match="VIGIE_ALLOW_PLAINTEXT"):
        Jetstream(load_settings(**chosen))
    Jetstream(load_settings(**chosen, allow_plaintext=True))


def test_a_memory_of_another_size_or_kind_is_a_lost_one(tmp_path: Path) -> None:
    path = tmp_path / "jetstream.known"
    fresh = KnownFile(path, fresh=True)
    fresh.add("a")
    fresh.flush()
    again = KnownFile(path, fresh=False)
    assert (fresh.is_whole, again.is_whole, "a" in again, "b" in again) == (True, True, True, False)
    path.write_bytes(b"x" * 100)
    lost = KnownFile(path, fresh=False)
    assert (lost.is_whole, "a" in lost) == (False, False)
    assert not KnownFile(path, fresh=True).is_whole
    assert path.stat().st_mode & 0o777 == 0o600
