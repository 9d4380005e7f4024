"""Payloads that no honest source writes: valid ones of every form, damaged by chance.

Everything is a function of a seed, so a seed that fails is a case to keep. Damage is done where it hurts: first
inside of the JSON value (fields dropped, retyped, nested, swapped with hostile values), then in its text
(duplicate keys, numbers that no float holds, nesting), then in its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.sound import valid
from tests.pipeline.formats.payloads import POST_ID, POST_MS

__all__ = [
    "BATCH",
    "HUGE",
    "crowd",
    "damaged",
    "damaged_bytes",
    "damaged_json",
    "examples",
    "given_seeds",
    "nudged",
    "poison",
]

_RAW = "\x01raw:"
"""Marks a value that is written as it stands, without quotes."""

_HOSTILE: tuple[Any, ...] = (
    *(None, True, False, "", [], {}, [[]], [None], [{}], {"": None}, {"id": {}}),
    *(0, -1, 1, 19, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**30),
    *(0.5, -0.0, 1e308, 5e-324, 1.5e18, float("nan"), float("inf"), float("-inf")),
    *(f"{_RAW}1e999", f"{_RAW}{'9' * 5000}", f"{_RAW}-{'9' * 400}", f"{_RAW}01", f"{_RAW}1.", f"{_RAW}undefined"),
    *(f"{_RAW}{'[' * deep}{']' * deep}" for deep in (3, 200, 300, 2_000)),
    *(_RAW + '{"data":' * 200 + "1" + "}" * 200, _RAW + '{"a":'),
    *("\0", "a\0b", "\ud83d", "\udc00\ud83d", "\ud83d\ude21", "\u202e@CorailAir", "\ufeff", "\ufffe", "\x7f\x80"),
    *("٣٤٥", "²", "9" * 19, "9" * 20, "9" * 40, "-5", "+5", "0x10", "1e5", " 7 ", "7.0", "5.7E+17", "nan", "null"),
    *("2022-06-08T02:18:12.000Z", "9999-12-31T23:59:59.999Z", "10000-01-01T00:00:00Z", "1969-12-31T23:59:59Z"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2022-02-30", "2022-W23", "Wed Jun 08 02:18:12"),
    *("Wed Jun 08 02:18:12 +9999 2022", "Wed Jun 08 02:18:12 +0000 0000", "-1", "253402300800000", POST_MS, -POST_MS),
    *("RT @", "RT @x: ", "RT @CorailAir: …", "&#xD800;&#0;&#9999999;&nGt;", "#", "@", "$", "##@@$$", "x" * 300),
    *("İ" * 150, "ﬃ" * 99, "\u0390" * 100, "e" + "\u0301" * 500, "\U0001f468\u200d" * 60, "\U000e0041" * 30),
    *("{", "[", "[1]", '{"data":{}}', '"', "\\", "\\ud83d", "<script>", "%s%n", "'; --", "a\r\nb", "\x01\x02\x1b[2J"),
    *("gap", "retweeted", "canonical", "v1_status", "en", "und", "qme", "delete", POST_ID, "x" * 5_000),
)  # fmt: skip

_CROWDS: tuple[Callable[[int], str], ...] = (
    lambda n: " ".join(f"#tag{i}" for i in range(n // 8)),
    lambda n: " ".join(f"@user{i}" for i in range(n // 9)),
    lambda n: " ".join(f"https://example.org/{i}" for i in range(n // 25)),
    lambda n: " ".join(f"$A{chr(65 + i % 26)}" for i in range(n // 4)),
    lambda n: "\U0001f621" * (n // 4),
    lambda n: "@CorailAir " * (n // 11),
    lambda n: "volta bank " * (n // 11),
    lambda n: "\0" * (n // 6),
    lambda n: "RT @" * (n // 4),
    lambda n: "&amp;" * (n // 5),
    lambda n: "a" * n,
    lambda n: "e\u0301" * (n // 3),
    lambda n: "((((" * (n // 4),
    lambda n: "-'" * (n // 2),
)
"""Texts of about n bytes that are hard on something: on a list's bound, on a pattern, on an escape."""

_FAR = (60, 1_440, 10_080, 2**31, 2**40, 2**53, 2**62)
_KEYS = ("data", "id", "text", "user", "type", "created_at_ms", "errors", "statuses", "payload", "delete", "\ud83d", "")

HUGE = len(_CROWDS)
"""How many sorts of huge texts there are."""


def crowd(sort: int, size: int) -> str:
    """Return a huge text: ``sort`` from 0 to `HUGE`, about so many bytes of UTF-8 or JSON."""
    return "@CorailAir " + _CROWDS[sort % HUGE](size)


BATCH = 50
"""Payloads of one example: one seed each, so that shrinking leaves the guilty one."""
given_seeds = given(batch=st.lists(st.integers(0, (1 << 24) - 1), min_size=BATCH, max_size=BATCH))


def examples(count: int) -> settings:
    """Return the settings of a test that is the same at every run, with so many examples."""
    return settings(
        max_examples=count,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


def poison(seed: int) -> bytes | None:
    """Return the damaged payload of a seed; one in about eighty is a tombstone or huge."""
    rng = Random(seed)
    if rng.random() < 0.006:
        return None
    payload = valid(rng)
    if rng.random() < 0.006:
        _fatten(payload, crowd(rng.randrange(HUGE), 100_000), rng)
    return damaged(payload, rng)


def damaged(payload: Any, rng: Random) -> bytes:
    """Return a JSON value as bytes, with damage to the value, its text, its bytes, or none."""
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 6))):
        payload = damaged_json(payload, rng)
    value = _written(payload, rng)
    return damaged_bytes(value, rng) if rng.random() < 0.25 else value


def damaged_bytes(value: bytes, rng: Random) -> bytes:
    """Flip bits, insert, cut, repeat or replace."""
    return rng.choice(_BYTE_DAMAGE)(value or b"\0", rng)


def damaged_json(payload: Any, rng: Random) -> Any:
    """Drop, retype, nest, repeat or swap one value somewhere inside; of a scalar nothing is left."""
    container, key = _somewhere(payload, rng)
    if container is None:
        return _hostile(rng)
    match rng.randrange(8):
        case 0:
            del container[key]
        case 1:
            # Sixty times something that holds sixty of something would be gigabytes.
            container[key] = [container[key]] * rng.choice(
                (1, 2, 2 if isinstance(container[key], (dict, list)) else 60)
            )
        case 2:
            container[key] = {rng.choice(("data", "id", "payload", "", "x")): container[key]}
        case 3 if isinstance(container, dict):
            container[rng.choice(_KEYS)] = container.pop(key) if rng.random() < 0.5 else _hostile(rng)
        case 4 if isinstance(container[key], str):
            container[key] = _damaged_text(container[key], rng)
        case 5 if type(container[key]) is int:
            container[key] = -container[key] if rng.random() < 0.3 else container[key] + rng.choice((1, 2**31, 2**62))
        case _:
            container[key] = _hostile(rng)
    return payload


# -- damage ------------------------------------------------------------------------------------------


def _somewhere(payload: Any, rng: Random, *, deeper: float = 0.7) -> tuple[Any, Any]:
    """Return a random place inside a value: a container and a key of it; of a scalar, none."""
    container: Any = None
    key: Any = None
    inside = payload
    while isinstance(inside, (dict, list)) and inside and (container is None or rng.random() < deeper):
        container, key = inside, rng.choice(list(inside)) if isinstance(inside, dict) else rng.randrange(len(inside))
        inside = container[key]
    return container, key


def _hostile(rng: Random) -> Any:
    """Return a value that is hard on something; a copy, because further damage may go inside."""
    return deepcopy(rng.choice(_HOSTILE))


def _damaged_text(text: str, rng: Random) -> str:
    at = rng.randint(0, len(text))
    hostile = rng.choice([value for value in _HOSTILE if isinstance(value, str) and not value.startswith(_RAW)])
    return rng.choice((text[:at], text[:at] + hostile + text[at:], text * 3, text.upper(), hostile + text))


def _fatten(payload: Any, text: str, rng: Random) -> None:
    """Put a huge text where a text is."""
    for _ in range(20):
        container, key = _somewhere(payload, rng)
        if container is not None and isinstance(container[key], str):
            container[key] = text
            return


def _written(payload: Any, rng: Random) -> bytes:
    text = json.dumps(payload, ensure_ascii=rng.random() < 0.7)
    while (start := text.find(mark := json.dumps(_RAW)[:-1])) >= 0:
        end = start + len(mark)
        while text[end] != '"' or text[end - 1] == "\\":
            end += 1
        text = text[:start] + text[start + len(mark) : end].replace('\\"', '"') + text[end + 1 :]
    if rng.random() < 0.05 and "{" in text:
        at = rng.choice([i for i, char in enumerate(text[:2_000]) if char == "{"] or [0])
        twice = json.dumps({rng.choice(_KEYS[:-2]): rng.choice((None, 5, "x", [], {}))})[1:-1]
        text = f"{text[: at + 1]}{twice},{text[at + 1 :]}"
    return text.encode("utf-8", "surrogatepass")


def nudged(payload: Any, rng: Random) -> Any:
    """Change one number or text somewhere inside to another, so that the shape stays."""
    for _ in range(9):
        container, key = _somewhere(payload, rng, deeper=1.0)
        match container[key]:
            case bool():
                container[key] = not container[key]
            case int(n):
                container[key] = rng.choice(
                    (n + 1, n - 1, -n, 2 * n + 1, 0, n + rng.choice(_FAR), n - rng.choice(_FAR))
                )
            case float(x):
                container[key] = rng.choice((-x, x + 1.0, x * 1e9, 0.0, 1e308, -1e308, 5e-324, 0, 10**18))
            case str(text):
                container[key] = _damaged_text(text, rng)
            case _:
                continue
        return payload
    return payload


def _flipped(value: bytes, rng: Random) -> bytes:
    damaged_ = bytearray(value)
    for _ in range(rng.choice((1, 1, 2, 8))):
        damaged_[rng.randrange(len(damaged_))] ^= 1 << rng.randrange(8)
    return bytes(damaged_)


def _inserted(value: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(value) + 1)
    return (
        value[:at]
        + rng.choice((b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\n", b"\\", b'"'))
        + value[at:]
    )


def _replaced(value: bytes, rng: Random) -> bytes:
    return rng.choice((rng.randbytes(rng.choice((1, 7, 64, 300))), b" " * rng.randrange(4), _in_utf16(value)))


def _in_utf16(value: bytes) -> bytes:
    return value.decode("utf-8", "replace").encode("utf-16")


_BYTE_DAMAGE: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(_flipped, _flipped, _inserted, _inserted, _replaced),
    lambda value, rng: value[: rng.randrange(len(value) + 1)],
    lambda value, rng: value[rng.randrange(len(value)) :],
    lambda value, rng: value + value[: rng.randrange(len(value) + 1)],
    lambda value, rng: rng.choice((b"\xef\xbb\xbf", b"\xff\xfe", b" \r\n", b"\x00\x00\x00\x00\x01")) + value,
)
