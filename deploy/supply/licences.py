"""Licences: what packages say theirs is, and whether Vigie may stand on it.

ADR: the words of the package, then ours
----------------------------------------
An SPDX expression in a package's metadata is believed. Older metadata hold words; those that can mean one licence only
are translated. For the rest somebody has read the licence file, and licences.toml says what it is. There is no guess: a
package of which nobody knows a licence stops the check.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from license_expression import (
    ExpressionError,
    LicenseExpression,
    LicenseSymbol,
    LicenseWithExceptionSymbol,
    get_spdx_licensing,
)

from deploy.supply.locks import NpmPackage

__all__ = [
    "Kind",
    "UnknownLicence",
    "Work",
    "data",
    "jar_licence",
    "kind_of",
    "npm_licence",
    "programs",
    "python_licence",
]

_TABLES = Path(__file__).with_name("licences.toml")
_SPDX = get_spdx_licensing()


class UnknownLicence(Exception):
    """Nobody knows the licence of something, or it is none of SPDX's."""


class Kind(IntEnum):
    """What a licence asks for, the least first."""

    PERMISSIVE = 1
    """To keep the notice."""
    WEAK = 2
    """That its own files stay under it."""
    PROGRAM = 3
    """That what is linked with it is under it too: only for programs that are started."""
    REFUSED = 4
    """Something else: not accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something that is no package: a program, or files of data."""

    name: str
    what: str
    origin: str
    licence: str


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(_TABLES.read_text("utf-8"))


def _spdx(expression: str) -> LicenseExpression:
    """Parse an SPDX expression.

    Raises
    ------
    UnknownLicence
        It is none.
    """
    try:
        parsed = _SPDX.parse(expression, validate=True, strict=True)
    except ExpressionError as error:
        raise UnknownLicence(f"{expression!r} is no SPDX expression: {error}") from error
    if parsed is None:
        raise UnknownLicence("no licence is named")
    return parsed


def _written(expression: str) -> str:
    return str(_spdx(expression).render())


def kind_of(expression: str) -> Kind:
    """Say what an expression asks for: of AND the sternest part, of OR the mildest, which is ours to choose.

    >>> kind_of("MPL-2.0 AND (Apache-2.0 OR GPL-3.0-only)").name
    'WEAK'
    """
    return _kind(_spdx(expression))


def _kind(parsed: LicenseExpression) -> Kind:
    if isinstance(parsed, (LicenseSymbol, LicenseWithExceptionSymbol)):
        accepted = _tables()["accepted"]
        text = parsed.render()
        for kind, name in ((Kind.PERMISSIVE, "permissive"), (Kind.WEAK, "weak"), (Kind.PROGRAM, "programs")):
            if text in accepted[name]:
                return kind
        return Kind.REFUSED
    kinds = [_kind(each) for each in parsed.args]
    return min(kinds) if parsed.operator.strip() == "OR" else max(kinds)


def python_licence(name: str) -> str:
    """Return the SPDX expression of a Python package, installed or not.

    Raises
    ------
    UnknownLicence
        Neither its metadata nor our table say it.
    """
    written: str | None = _tables()["python"].get(name)
    if written is None:
        written = _from_metadata(name)
    return _written(written)


def _from_metadata(name: str) -> str:
    try:
        said = metadata(name)
    except PackageNotFoundError as error:
        raise UnknownLicence(f"{name} is not installed, and [python] of {_TABLES.name} does not name it") from error
    if "License-Expression" in said:
        return said["License-Expression"]
    words = said["License"].strip().partition("\n")[0] if "License" in said else ""
    try:
        return _written(_tables()["words"].get(words, words))
    except UnknownLicence as error:
        raise UnknownLicence(
            f"{name} says {words!r}: read its licence file, and name it in [words] or [python] of {_TABLES.name}"
        ) from error


def jar_licence(artifact: str) -> str:
    """Return the SPDX expression of a jar.

    Raises
    ------
    UnknownLicence
        Our table does not know it.
    """
    for row in _tables()["jars"]:
        if any(fnmatchcase(artifact, name) for name in row["names"]):
            return _written(row["licence"])
    raise UnknownLicence(f"jar {artifact}: name it in [[jars]] of {_TABLES.name}")


def npm_licence(package: NpmPackage) -> str:
    """Return the SPDX expression of an npm package: the one that it states.

    Raises
    ------
    UnknownLicence
        It states none.
    """
    return _written(package.licence)


def programs() -> Iterator[Work]:
    """Yield what is started as a program of its own."""
    for row in _tables()["programs"]:
        yield Work(name=row["name"], what=row["what"], origin="", licence=_written(row["licence"]))


def data() -> Iterator[Work]:
    """Yield the data files, one row for those of one origin; the name is their patterns with spaces between."""
    for row in _tables()["data"]:
        name = " ".join(row["files"])
        yield Work(name=name, what=row["what"], origin=row["origin"], licence=_written(row["licence"]))
