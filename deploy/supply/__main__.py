"""Writes deploy/licences.md and build/sbom.cdx.json, or with ``--check`` only compares the first."""

from __future__ import annotations

import argparse
import sys

from deploy.supply.locks import ROOT
from deploy.supply.page import PAGE, licence_page
from deploy.supply.sbom import bill_of_materials


def main() -> int:
    """Run; the exit code is 1 when the page is not current."""
    parser = argparse.ArgumentParser(prog="python -m deploy.supply", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is not current")
    check = parser.parse_args().check
    page = ROOT / "deploy" / PAGE
    text = licence_page()
    if check:
        if not page.is_file() or page.read_text("utf-8") != text:
            sys.stderr.write(f"deploy/{PAGE} is not current: make sbom\n")
            return 1
        return 0
    page.write_text(text, "utf-8")
    bill = ROOT / "build" / "sbom.cdx.json"
    bill.parent.mkdir(exist_ok=True)
    bill.write_text(bill_of_materials(), "utf-8")
    sys.stdout.write(f"Written: deploy/{PAGE}, build/{bill.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
