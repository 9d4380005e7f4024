"""Which names have been met: a memory of one size that forgets nothing, and now and then takes a name for known.

Bloom, Space/time trade-offs in hash coding with allowable errors, CACM 13(7), 1970; the bits of a name by two hashes:
Kirsch and Mitzenmacher, Less hashing, same performance, 2008.
"""

from __future__ import annotations

from hashlib import blake2b

__all__ = ["BYTES", "KnownNames"]

BYTES = 8 * 1024 * 1024
"""Room for some seven million names of which one of a hundred unknown ones is taken for known; for twenty million, four
of ten are."""
_HASHES = 7
_MOST = 1 << 32


class KnownNames:
    """Names by their bits, which the caller keeps.

    Parameters
    ----------
    bits : bytearray or memoryview
        All 0 when nothing is known. A file in memory, perhaps.

    Examples
    --------
    >>> known = KnownNames(bytearray(64))
    >>> known.add("a")
    >>> "a" in known, "b" in known
    (True, False)
    """

    __slots__ = ("_bits", "_count")

    def __init__(self, bits: bytearray | memoryview) -> None:
        self._bits = bits
        self._count = 8 * len(bits)
        if not 0 < self._count < _MOST:
            raise ValueError(f"a memory of {len(bits)} bytes")

    def add(self, name: str) -> None:
        """Know a name from now on."""
        for place in self._places(name):
            self._bits[place >> 3] |= 1 << (place & 7)

    def __contains__(self, name: str) -> bool:
        """Whether a name is known: true of all that were added."""
        return all(self._bits[place >> 3] >> (place & 7) & 1 for place in self._places(name))

    def _places(self, name: str) -> list[int]:
        digest = blake2b(name.encode("utf-8", "replace"), digest_size=16, person=b"vigie known").digest()
        first, step = int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big") | 1
        return [(first + number * step) % self._count for number in range(_HASHES)]
