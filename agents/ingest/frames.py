"""What a journal holds, in order, and how it stands in a file: frames of posts, losses and marks.

ADR: a frame is a length, a CRC-32, a kind, and what it holds; one frame for all posts of a `put`, so that a post costs
little. A process that is killed leaves at most half of its last frame; a power failure can leave anything. Either is
found by the length and the checksum, and what comes behind is not read: a mark there would speak for posts that are
gone. Numbers are little endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import orjson

from agents.ingest.contract import Mark, Post
from pipeline.ingest.coverage import Missing

__all__ = ["Frame", "Item", "Loss", "Posts", "decode", "encode", "frames_in"]

_HEADER = struct.Struct("<IIB")
_POSTS_HEADER = struct.Struct("<Iq")
_NO_KEY = 0xFFFF_FFFF
_UNKNOWN_MS = -1
_LOSS_BYTES = 256
"""What a loss takes however it grows, so that it can be written anew in its place."""

_POSTS, _LOSS, _MARK = 1, 2, 3


class Posts(NamedTuple):
    """Posts, in order."""

    posts: Sequence[Post]
    received_ms: int | None
    """The source's time by when all of them were received, as far as it is known."""


@dataclass(slots=True)
class Loss:
    """A gap. One of the journal's own may grow while it is the last thing that happened."""

    start_ms: int
    end_ms: int
    reason: str
    of: str = "posts"
    posts: int | None = None

    def __post_init__(self) -> None:
        self.start_ms = max(self.start_ms, 0)
        self.end_ms = max(self.end_ms, self.start_ms + 1)

    @property
    def missing(self) -> Missing:
        """Its bounds."""
        return Missing(self.start_ms, self.end_ms)

    def add(self, other: Loss) -> None:
        """Take another one in: all of both is missing."""
        self.start_ms = min(self.start_ms, other.start_ms)
        self.end_ms = max(self.end_ms, other.end_ms)
        if other.posts is not None:
            self.posts = (self.posts or 0) + other.posts

    def record(self, source: str) -> bytes:
        """Return it as a record of `tweets.raw`."""
        said: dict[str, object] = {
            "type": "gap",
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "reason": self.reason,
            "source": source,
        }
        if self.of != "posts":
            said["of"] = self.of
        if self.posts is not None:
            said["posts"] = self.posts
        return orjson.dumps(said)


Item = Posts | Loss | Mark


class Frame(NamedTuple):
    """A frame that was found in a file."""

    item: Item
    start: int
    end: int


def encode(item: Item) -> bytes:
    """Return an item as a frame."""
    if isinstance(item, Posts):
        kind, content = _POSTS, _encode_posts(item)
    elif isinstance(item, Loss):
        fields = (item.start_ms, item.end_ms, item.reason[:60], item.of[:20], item.posts)
        kind, content = _LOSS, orjson.dumps(fields).ljust(_LOSS_BYTES)
    else:
        kind, content = _MARK, orjson.dumps(tuple(item))
    return _HEADER.pack(len(content), crc32(content, kind), kind) + content


def decode(kind: int, content: bytes) -> Item:
    """Return the item of a frame.

    Raises
    ------
    ValueError
        It is none; which a checksum lets happen once in four thousand million times.
    """
    try:
        if kind == _POSTS:
            return _decode_posts(content)
        if kind == _LOSS:
            return Loss(*orjson.loads(content))
        if kind == _MARK:
            return Mark(*orjson.loads(content))
    except (TypeError, struct.error) as exc:
        raise ValueError("not a frame of this kind") from exc
    raise ValueError(f"no frame is of kind {kind}")


def frames_in(data: bytes, start: int = 0) -> Iterator[Frame]:
    """Yield the frames in some bytes, one after the other, up to the first that is torn or damaged."""
    size = len(data)
    while start + _HEADER.size <= size:
        length, checksum, kind = _HEADER.unpack_from(data, start)
        begin, end = start + _HEADER.size, start + _HEADER.size + length
        if end > size:
            return
        content = data[begin:end]
        if crc32(content, kind) != checksum:
            return
        try:
            item = decode(kind, content)
        except ValueError:
            return
        yield Frame(item, start, end)
        start = end


def _encode_posts(item: Posts) -> bytes:
    lengths: list[int] = []
    parts: list[bytes] = []
    for key, value in item.posts:
        if key is None:
            lengths += (_NO_KEY, len(value))
        else:
            lengths += (len(key), len(value))
            parts.append(key)
        parts.append(value)
    received_ms = _UNKNOWN_MS if item.received_ms is None else item.received_ms
    header = _POSTS_HEADER.pack(len(item.posts), received_ms)
    return b"".join((header, struct.pack(f"<{len(lengths)}I", *lengths), *parts))


def _decode_posts(content: bytes) -> Posts:
    count, received_ms = _POSTS_HEADER.unpack_from(content)
    lengths = struct.unpack_from(f"<{2 * count}I", content, _POSTS_HEADER.size)
    at = _POSTS_HEADER.size + 8 * count
    posts: list[Post] = []
    for key_length, value_length in zip(lengths[::2], lengths[1::2], strict=True):
        key = None
        if key_length != _NO_KEY:
            key = content[at : at + key_length]
            at += key_length
        posts.append(Post(key, content[at : at + value_length]))
        at += value_length
    if at != len(content):
        raise ValueError("the lengths of posts do not add up")
    return Posts(posts, None if received_ms == _UNKNOWN_MS else received_ms)
