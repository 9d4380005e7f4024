from __future__ import annotations

from aiohttp import web

from agents.demo.intake import Intake, intake_of, sums_in
from agents.metrics.ingest import IngestMetrics
from pipeline.ingest.coverage import Missing


async def test_an_ingester_says_on_its_page_how_it_is_doing() -> None:
    metrics = IngestMetrics()
    source = metrics.of("x")
    source.posts.inc(1_234)
    source.stored.inc(1_200)
    source.dropped.inc(3)
    source.connections.set(2)
    source.passed_over("unmatched", 7)
    source.gap(Missing(1_000, 31_000), "stalled")

    async def page(request: web.Request) -> web.Response:
        return web.Response(body=metrics.expose())

    app = web.Application()
    app.router.add_get("/metrics", page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        assert await intake_of(f"http://127.0.0.1:{port}") == Intake(
            posts=1_234,
            stored=1_200,
            dropped=3,
            connections=2,
            passed_over={"unmatched": 7},
            gaps={"stalled": (1, 30.0)},
        )
    finally:
        await runner.cleanup()
    assert await intake_of(f"http://127.0.0.1:{port}") is None, "one that is gone says nothing"


def test_the_sums_are_the_last_words_of_an_ingesters_log() -> None:
    sums = "x: 3 put, 3 stored, 0 waiting, 0 dropped, 1 gaps\n  gap a to b (stalled)"
    log = f"[..] [ingest-x] WARNING x: reconnecting\n{sums}\n"
    assert sums_in(log, "x") == sums
    assert sums_in(log.partition("\n")[2], "x") == sums_in(log, "x")
    assert sums_in("it died\n", "x") == ""
    assert sums_in("", "x") == ""
