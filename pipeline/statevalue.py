"""Values of the state table: version, mentions partition, checksum, then the sections of the state.

    "V", version (1 byte), partition (4), CRC-32 (4), number of sections (1), length of each (4), the sections

All numbers are big-endian; the checksum starts from the partition and goes over all that follows it. Its work
is to make accepted mean written by us, so that no flipped bit becomes a count.

Never pickle: a changelog that can run code is a hole. Reading one never raises anything but `UnusableState`.
"""

from __future__ import annotations

from enum import StrEnum
from struct import Struct, pack, unpack_from
from zlib import crc32

from pipeline.stateupgrade import StoredState, from_version_2, from_version_3, from_version_4, from_version_5
from schemas.codec import decode

__all__ = ["DAMAGE", "StateProblem", "UnusableState", "unwrap", "wrap"]

_MAGIC = b"V"
_VERSION = 6
_CHECKED = 3
"""Since this version the checksum covers the version, which a flipped bit could make another."""
_OLDEST = 2
_HEAD = Struct(">cBII")
_JSON = b"{"
"""Version 1 was a JSON object, as is whatever was older."""
_UPGRADES = (from_version_2, from_version_3, from_version_4, from_version_5)
DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What taking a damaged state apart may raise."""


class StateProblem(StrEnum):
    """Why a value of the state table could not be used as it is."""

    CORRUPT = "corrupt"
    """Not what we write: the brand begins anew."""
    UNKNOWN_VERSION = "unknown_version"
    """Written by a newer Vigie, or by one older than the first version: the brand begins anew."""
    UNKNOWN_DETECTOR = "unknown_detector"
    """The counts and an open crisis were taken over; the detector learns anew from what the counts still know."""
    UNKNOWN_SITUATION = "unknown_situation"
    """All that decides was taken over; questions, own posts and the course of the open crisis are told from now on."""


class UnusableState(ValueError):
    """A value of the state table that cannot be used."""

    def __init__(self, problem: StateProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def wrap(partition: int, *sections: bytes) -> bytes:
    """Return a value of the state table: the sections of a state, as of a mentions partition."""
    lengths = pack(f">B{len(sections)}I", len(sections), *map(len, sections))
    body = b"".join((lengths, *sections))
    return _HEAD.pack(_MAGIC, _VERSION, partition, _checksum(_VERSION, partition, body)) + body


def _checksum(version: int, partition: int, body: bytes) -> int:
    return crc32(body, crc32(bytes((version,)), partition) if version >= _CHECKED else partition)


def unwrap(value: bytes) -> tuple[int, StoredState]:
    """Return the mentions partition and the state of a value of the state table.

    Raises
    ------
    UnusableState
        It is not what `wrap` writes, or wrote in the five versions before.
    """
    if value[:1] == _JSON:
        return _unwrap_json(value)
    if len(value) < _HEAD.size or value[:1] != _MAGIC:
        raise UnusableState(StateProblem.CORRUPT)
    _magic, version, owner, checksum = _HEAD.unpack_from(value)
    if not _OLDEST <= version <= _VERSION:
        raise UnusableState(StateProblem.UNKNOWN_VERSION)
    body = value[_HEAD.size :]
    if not body or _checksum(version, owner, body) != checksum:
        raise UnusableState(StateProblem.CORRUPT)
    sections = _sections(body)
    return owner, _upgraded(sections, version)


def _upgraded(sections: list[bytes], version: int) -> list[bytes]:
    try:
        for upgrade in _UPGRADES[version - _OLDEST :]:
            sections = upgrade(sections)
    except DAMAGE as error:
        raise UnusableState(StateProblem.CORRUPT) from error
    return sections


def _sections(body: bytes) -> list[bytes]:
    start = 1 + 4 * body[0]
    if len(body) < start:
        raise UnusableState(StateProblem.CORRUPT)
    sections = []
    for length in unpack_from(f">{body[0]}I", body, 1):
        sections.append(body[start : start + length])
        start += length
    if start != len(body):
        raise UnusableState(StateProblem.CORRUPT)
    return sections


def _unwrap_json(value: bytes) -> tuple[int, StoredState]:
    try:
        state = decode(value)
        version, partition = state["v"], state["partition"]
    except DAMAGE as error:
        raise UnusableState(StateProblem.CORRUPT) from error
    if version != 1:
        raise UnusableState(StateProblem.UNKNOWN_VERSION)
    if type(partition) is not int:
        raise UnusableState(StateProblem.CORRUPT)
    return partition, state
