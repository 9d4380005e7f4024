"""Between which times posts were made that could not be kept, when nobody has read what is in them."""

from __future__ import annotations

from collections.abc import Iterable

from agents.ingest.contract import Post
from pipeline.formats.times import snowflake_ms

__all__ = ["bounds"]


def bounds(posts: Iterable[Post], marked_ms: int | None, received_ms: int | None, now_ms: int) -> tuple[int, int]:
    """Return times, the second excluded, between which all of these posts were made.

    Parameters
    ----------
    posts : iterable of Post
        Their keys are asked where the times are not known: X's post IDs hold one.
    marked_ms : int or None
        Everything older had been put before.
    received_ms : int or None
        All of them were received by then.
    now_ms : int
        This machine's time, for when nothing else is known.

    >>> bounds([Post(b"20", b"{}")], 1_000, 5_000, 0)
    (1000, 5001)
    >>> bounds([Post(b"569318041890627585", b"{}"), Post(None, b"?")], None, None, 0)
    (1424570973261, 1424570973262)
    """
    start_ms, last_ms = marked_ms, received_ms
    if start_ms is None or last_ms is None:
        made = [made_ms for key, _ in posts if key and (made_ms := _made_ms(key)) is not None]
        if start_ms is None:
            start_ms = min(made, default=now_ms if received_ms is None else received_ms)
        if last_ms is None:
            last_ms = max(made, default=now_ms)
    return min(start_ms, last_ms), max(start_ms, last_ms) + 1


def _made_ms(key: bytes) -> int | None:
    return snowflake_ms(key.decode("latin-1"))
