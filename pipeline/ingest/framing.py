"""Bytes of a stream in, whole lines out.

ADR: a line ends with a line feed, a carriage return before it is none of it; a carriage return alone is text. What has
no end yet is kept, and never passed on: half a post may be valid JSON of another one. A line over the bound is cut
there and passed on once, as what it begins with: downstream it becomes a dead letter that can be looked at, and the
rest of it is not held in memory.
"""

from __future__ import annotations

__all__ = ["LineBuffer"]

_MAX_BYTES = 16 * 1024 * 1024


class LineBuffer:
    r"""The lines of one connection. Mutable; a new one for each connection.

    However the stream is cut into chunks, the lines are the same.

    Parameters
    ----------
    max_bytes : int
        Longest line that is passed on whole, a carriage return included.

    Examples
    --------
    >>> buffer = LineBuffer()
    >>> buffer.feed(b'{"a": 1}\r\n\r\n{"b"'), buffer.feed(b": 2}\n{")
    ([b'{"a": 1}'], [b'{"b": 2}'])
    >>> buffer.keepalives, buffer.rest()
    (1, b'{')
    """

    __slots__ = ("_cutting", "_max_bytes", "_pending", "cut", "keepalives")

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        if max_bytes < 1:
            raise ValueError(f"a line needs room: max_bytes is {max_bytes}, and must be 1 or more")
        self._max_bytes = max_bytes
        self._pending = bytearray()
        self._cutting = False
        self.keepalives = 0
        """Empty lines so far: they say that the source is there, and nothing else."""
        self.cut = 0
        """Lines so far that were longer than they may be."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that end in a chunk, without their end and without those that are empty."""
        lines = chunk.split(b"\n")
        last = lines.pop()
        if not lines:
            return self._begin(last)
        if self._cutting:  # what ends here has been passed on
            self._cutting = False
            del lines[0]
        elif self._pending:
            lines[0] = bytes(self._pending) + lines[0]
            self._pending.clear()
        if any(len(line) > self._max_bytes for line in lines):
            lines = [self._bounded(line) for line in lines]
        whole = [line[:-1] if line.endswith(b"\r") else line for line in lines]
        kept = [line for line in whole if line]
        self.keepalives += len(whole) - len(kept)
        return kept + self._begin(last) if last else kept

    def rest(self) -> bytes:
        """Return what has come of a line that has not ended, and forget it: the connection is over."""
        rest = bytes(self._pending)
        self._pending.clear()
        self._cutting = False
        return rest

    def _begin(self, part: bytes) -> list[bytes]:
        """Keep a line's beginning, or what goes on with it. Return it once it is too long."""
        if self._cutting:
            return []
        self._pending += part
        if len(self._pending) <= self._max_bytes:
            return []
        line = self._bounded(bytes(self._pending)).removesuffix(b"\r")
        self._pending.clear()
        self._cutting = True
        if not line:
            self.keepalives += 1
            return []
        return [line]

    def _bounded(self, line: bytes) -> bytes:
        if len(line) <= self._max_bytes:
            return line
        self.cut += 1
        return line[: self._max_bytes]
