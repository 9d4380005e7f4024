"""Compares the pinned Python packages with a copy of advisories (`deploy.supply.advisories` says where to get one)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.supply.advisories import Advisory, Finding, NoAdvisories, advisories, findings
from deploy.supply.locks import peers, python_packages

__all__ = ["main"]

_NOTHING_ASKED = 2

_GET = """\
Nothing was asked: no advisories. Get a copy, the archive or the folder, and name it:
    https://storage.googleapis.com/osv-vulnerabilities/PyPI/all.zip
    https://github.com/pypa/advisory-database
    make audit ADVISORIES=all.zip
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit code is 1 when something is known of a pinned version, 2 when nothing was asked."""
    parser = argparse.ArgumentParser(prog="python -m deploy.supply.audit", description=__doc__)
    parser.add_argument("copy", type=Path, nargs="?", help="folder or archive of advisories in OSV's format")
    copy = parser.parse_args(arguments).copy
    if copy is None:
        sys.stderr.write(_GET)
        return _NOTHING_ASKED
    try:
        known = list(advisories(copy))
    except NoAdvisories as error:
        sys.stderr.write(f"{error}\n{_GET}")
        return _NOTHING_ASKED
    packages = [*python_packages(), *peers()]
    found = findings(packages, known)
    sys.stdout.write("".join(f"{_line(each)}\n" for each in found))
    sys.stdout.write(_asked(len({(each.name, each.version) for each in packages}), known, len(found)))
    return 1 if found else 0


def _line(finding: Finding) -> str:
    package, advisory = finding.package, finding.advisory
    names = ", ".join(advisory.names)
    return f"{package.name} {package.version} ({package.use.value}): {names}: {advisory.summary}"


def _asked(packages: int, known: Sequence[Advisory], found: int) -> str:
    newest = max(advisory.modified for advisory in known)
    return (
        f"{found} found. Asked: {packages} pinned Python packages, {len({a.names[0] for a in known})} advisories, the "
        f"newest of {newest[:10]}: what became known later is not in them.\n"
        "Not asked: jars and npm packages, which only check Vigie; Python, and what lies in the image below Vigie.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
