"""``python -m tests.bench.report``: draw the page of a bench from its results."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from tests.bench.report.page import write
from tests.bench.results import DEFAULT_PATH, Results


def main() -> int:
    """Draw it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.report", description=__doc__)
    parser.add_argument("results", type=Path, nargs="?", default=DEFAULT_PATH, help=f"default: {DEFAULT_PATH}")
    parser.add_argument("--out", type=Path, help="default: report.html beside the results")
    arguments = parser.parse_args()
    try:
        results = Results.load(arguments.results)
    except OSError as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 66
    except msgspec.MsgspecError as error:
        print(f"{arguments.results} is not what a bench writes: {error}", file=sys.stderr)
        return 65
    write(results, out := arguments.out or arguments.results.with_name("report.html"))
    print(f"Written: {out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
