"""Writes the dashboards, or checks with ``--check`` that they are as they would be written."""

from __future__ import annotations

import argparse
import sys

from deploy.grafana import BOARDS, FOLDER


def main() -> int:
    """Run; the exit code is 1 when a check failed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not up to date")
    check = parser.parse_args().check
    wanted = {FOLDER / f"{board.uid}.json": board.json() for board in BOARDS}
    stale = [path for path in FOLDER.glob("*.json") if path not in wanted]
    stale += [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    if check:
        for path in stale:
            sys.stderr.write(f"{path} is not what the code makes: run `python -m deploy.grafana`\n")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path], "utf-8")
        else:
            path.unlink()
        sys.stdout.write(f"{'Written' if path in wanted else 'Removed'}: {path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
