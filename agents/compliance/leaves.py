"""The values in a record, each with the way to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from agents.compliance.sought import Search, Sought, SoughtKind, is_telling
from schemas.codec import JSONDecodeError, decode

__all__ = ["Leaf", "Path", "in_leaf", "leaves"]

Path: TypeAlias = tuple[str | int, ...]
"""Names and places from the outermost value to this one."""

_ID_NAME = re.compile(r"(?:^|_)ids?(?:_str)?$", re.ASCII)
"""Names of fields with IDs of posts and accounts, in all of X's forms and in ours."""
_NUMBER = re.compile("[0-9]+", re.ASCII)
_DEEPEST = 64


class Leaf(NamedTuple):
    """A string or a number in a record, or the name of a field."""

    path: Path
    value: str | int

    def is_identity(self) -> bool:
        """Whether its field is one with IDs."""
        names = [name for name in self.path if isinstance(name, str)]
        return bool(names) and _ID_NAME.search(names[-1]) is not None


def leaves(value: Any, path: Path = ()) -> Iterator[Leaf]:
    """Yield strings and whole numbers of a JSON value, names of its fields, and those of the JSON in its strings."""
    if len(path) > _DEEPEST:
        return
    match value:
        case dict():
            for name, inner in value.items():
                yield Leaf(path, name)
                yield from leaves(inner, (*path, name))
        case list() | tuple():
            for place, inner in enumerate(value):
                yield from leaves(inner, (*path, place))
        case str():
            yield Leaf(path, value)
            yield from leaves(_in_text(value), path)
        case int() if not isinstance(value, bool):
            yield Leaf(path, value)
        case _:
            return


def _in_text(text: str) -> Any:
    if text[:1] not in ("{", "["):
        return None
    try:
        return decode(text)
    except JSONDecodeError:
        return None


def in_leaf(leaf: Leaf, search: Search, *, accounts: bool) -> set[Sought]:
    """Return what is looked for and in a leaf.

    Parameters
    ----------
    leaf : Leaf
        Where to look.
    search : Search
        What is looked for.
    accounts : bool
        Whether accounts are named by their own IDs here, rather than by hashes.
    """
    text = str(leaf.value)
    found = {one for one in search.numbers(text) if _is_there(one, leaf, accounts=accounts)}
    return found | search.texts(text) if isinstance(leaf.value, str) else found


def _is_there(one: Sought, leaf: Leaf, *, accounts: bool) -> bool:
    if one.kind is SoughtKind.ID:
        return _is_named(one.value, leaf)
    if accounts:
        return leaf.is_identity() and str(leaf.value) == one.value
    return is_telling(one.value) or one.value not in _NUMBER.findall(str(leaf.value))


def _is_named(identity: str, leaf: Leaf) -> bool:
    """Whether what looks like an ID of a post is one: a short one may be any number, unless its field says so."""
    return is_telling(identity) or (leaf.is_identity() if isinstance(leaf.value, int) else leaf.value == identity)
