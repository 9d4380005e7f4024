"""Known vulnerabilities, from a copy of advisories on disk, in the format of OSV (https://ossf.github.io/osv-schema/).

ADR: the copy is the caller's
-----------------------------
An advisory helps while it is new. None come with the project: a copy in it would be of the day of its commit, and would
say "nothing found" with the same voice a year later; the one that a package brings (safety-db) ends in 2021. So whoever
audits brings a copy, and is told how old the newest advisory in it is. OSV gives all of PyPI's as one archive, and
https://github.com/pypa/advisory-database is a folder of them.

Not pip-audit: it asks over the network only (https://github.com/pypa/pip-audit/issues/698), and of a mirror that has no
advisories it says "no known vulnerabilities" as well.

Only Python packages are compared: they are all that runs with Vigie. npm packages and jars only check it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from deploy.supply.locks import Pinned

__all__ = ["Advisory", "Finding", "NoAdvisories", "advisories", "findings"]


class NoAdvisories(Exception):
    """The copy is not there, or holds no advisory of a Python package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """What somebody found out about versions of one package."""

    names: tuple[str, ...]
    """Its own ID, and those it has elsewhere."""
    modified: str
    """RFC 3339."""
    package: str
    """Normalised."""
    versions: frozenset[str]
    """Affected versions, where they are listed."""
    ranges: tuple[tuple[tuple[str, str], ...], ...]
    """Ranges of affected versions, each of events (``introduced``, ``fixed``, ``last_affected``) in their order."""
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A pinned version that an advisory is about."""

    package: Pinned
    advisory: Advisory


def advisories(copy: Path) -> Iterator[Advisory]:
    """Yield the advisories of Python packages in a folder or an archive (``.zip``) of ``.json`` and ``.yaml`` files.

    Raises
    ------
    NoAdvisories
        There is none.
    """
    found = False
    for name, content in _files(copy):
        record: Mapping[str, Any] = yaml.safe_load(content) if name.endswith(".yaml") else orjson.loads(content)
        if record.get("withdrawn"):
            continue
        for affected in record.get("affected", []):
            package = affected.get("package", {})
            if package.get("ecosystem") == "PyPI":
                found = True
                yield _advisory(record, affected)
    if not found:
        raise NoAdvisories(f"{copy} holds no advisory of a Python package")


def findings(packages: Iterable[Pinned], known: Iterable[Advisory]) -> list[Finding]:
    """Return what is known of the pinned versions, by package and advisory."""
    by_name: dict[str, list[Pinned]] = {}
    for package in packages:
        by_name.setdefault(package.name, []).append(package)
    found = {
        (package.name, package.version, advisory.names): Finding(package=package, advisory=advisory)
        for advisory in known
        for package in by_name.get(advisory.package, [])
        if _affects(advisory, package.version)
    }
    return [found[key] for key in sorted(found)]


def _files(copy: Path) -> Iterator[tuple[str, bytes]]:
    if copy.is_dir():
        for path in sorted(copy.rglob("*")):
            if path.suffix in (".json", ".yaml") and path.is_file():
                yield path.name, path.read_bytes()
    elif zipfile.is_zipfile(copy):
        with zipfile.ZipFile(copy) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith((".json", ".yaml")):
                    yield name, archive.read(name)
    else:
        raise NoAdvisories(f"{copy} is no folder and no archive of advisories")


def _advisory(record: Mapping[str, Any], affected: Mapping[str, Any]) -> Advisory:
    ranges = [each for each in affected.get("ranges", []) if each.get("type") == "ECOSYSTEM"]
    return Advisory(
        names=(record["id"], *sorted(record.get("aliases", []))),
        modified=str(record.get("modified", "")),
        package=canonicalize_name(affected["package"]["name"]),
        versions=frozenset(str(version) for version in affected.get("versions", [])),
        ranges=tuple(
            tuple((kind, str(version)) for event in each["events"] for kind, version in event.items())
            for each in ranges
        ),
        summary=str(record.get("summary") or record.get("details", "")).strip().partition("\n")[0],
    )


def _affects(advisory: Advisory, version: str) -> bool:
    return version in advisory.versions or any(_within(Version(version), events) for events in advisory.ranges)


def _within(version: Version, events: Iterable[tuple[str, str]]) -> bool:
    """Walk the events from the lowest version up, as OSV says ranges are read."""
    inside = False
    for kind, text in sorted(events, key=lambda event: _version(event[1])):
        at = _version(text)
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        # Below everything: an upper bound that cannot be read never clears a package.
        return Version("0.dev0")
