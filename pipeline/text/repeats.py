"""Exact repeats: a hash that is equal for texts that say the same in the same words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b

from pipeline.text.tokens import Kind, Token

__all__ = ["repeat_key"]

_UNSAID = re.compile(r"[\W_]+")


def repeat_key(text: str, tokens: Sequence[Token]) -> int:
    """Return a 53-bit hash of the cleaned text without URLs, handles, ``RT``, case, punctuation and spaces.

    A text of nothing else is hashed as it stands. 53 bits survive every JSON reader.
    """
    parts = [t.lower for t in tokens if t.said]
    if parts and parts[0] == "rt" and len(tokens) > 1 and tokens[1].kind is Kind.HANDLE:
        del parts[0]
    said = _UNSAID.sub("", "".join(parts)) or "=" + text.lower()
    return int.from_bytes(blake2b(said.encode(), digest_size=7).digest()) >> 3
