"""``vigie ingest jetstream``: Bluesky's public stream, over a websocket.

ADR: Jetstream speaks JSON over a websocket, asks for no token, and is the same on Bluesky's own servers and on one of
yours (https://github.com/bluesky-social/jetstream). Its first interface, ``/subscribe``, is used: every server has it.
An event goes to `tweets.raw` as it came (`pipeline.formats.jetstream` reads it there), so a dead letter is what the
server sent, and an archive of these lines replays. Which events are passed on is `pipeline.ingest.jetevents`, where to
go on from `pipeline.ingest.jetplace`. Compression is not asked for: it needs a dictionary of the server's own, and all
posts of Bluesky are some hundred kilobytes a second.

ADR: the mark of a place is the time of the newest event, and its cursor the same to the microsecond. What the server
still has is no gap, however long we were away: it is asked for again. But it comes late then: posts whose minutes have
closed, because another source let them, are counted as late (`deploy/sources.md`, "What a gap is").
"""

from __future__ import annotations

import click

from agents import exits
from agents.cli.console import fail, read_settings

__all__ = ["command"]


@click.command()
@click.option("--url", help="A Jetstream server. [default: VIGIE_JETSTREAM_URL]")
@click.option(
    "--stall",
    "stall_s",
    type=click.FloatRange(min=1.0, max=3600.0),
    default=30.0,
    show_default=True,
    help="Seconds of silence after which a connection is given up; the whole of Bluesky is never silent.",
)
@click.option(
    "--retention-h",
    type=click.FloatRange(min=0.01, max=8760.0),
    default=24.0,
    show_default=True,
    help="For how many hours the server can send events again; beyond, a gap is recorded.",
)
@click.option(
    "--all-deletions",
    is_flag=True,
    help="Pass on every deletion, not only those of posts that came this way: for when some come from files.",
)
def command(url: str | None, stall_s: float, retention_h: float, *, all_deletions: bool) -> None:
    """Bluesky's posts about the brands of the watchlist, through Jetstream.

    No token is needed. Every post is held against the watchlist here, and only those that match are
    stored, with the deletions of these, and of accounts that wrote them.

    \b
    Jetstream names accounts by DID only, and says nothing of their followers. So in the watchlist:
    - an alias or a hashtag matches as in a tweet;
    - handles = ["acme.com"] matches posts that mention @acme.com, and ["acme"] those with @acme.anything;
    - replies to a brand, and the brand's own posts (official), are seen only when its DID is there:
      official = ["acme_on_x", "did:plc:…"]. A handle's DID is at
      https://bsky.social/xrpc/com.atproto.identity.resolveHandle?handle=acme.com

    Runs until it is stopped, and goes on where it was. Reposts and likes are not read: they hold no text.
    """  # noqa: D301 - click's mark for lines that stay as they are
    from agents.ingest.contract import SourceRefused  # noqa: PLC0415 - `vigie ingest --help` loads every command
    from agents.ingest.runner import run_source  # noqa: PLC0415
    from agents.ingest.sources.jetstream.source import Jetstream  # noqa: PLC0415

    settings = read_settings(**({} if url is None else {"jetstream_url": url}))
    try:
        source = Jetstream(settings, stall_s=stall_s, retention_h=retention_h, all_deletions=all_deletions)
    except SourceRefused as exc:
        fail(str(exc), exits.CONFIG)
    run_source(source, settings)
