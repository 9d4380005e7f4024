"""``make eval``: run every evaluation beside published rules, and write one page about them.

Written are report.html, README-table.md, summary.json, and what each evaluation printed. Parts whose data is absent
or that fail are named on the page; then the exit code is 1.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

from schemas.codec import encode_pretty
from tests.bench.evaluation.goals import goals, summary
from tests.bench.evaluation.page import build_page, readme_table, sections
from tests.bench.evaluation.parts import Part, questions, run


def main() -> int:
    """Run and write; return the exit code."""
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("..") / "shared" / "data", help="holds nab/ and airline/")
    parser.add_argument("--out", type=Path, default=Path("build") / "eval", help="folder to write to")
    parser.add_argument("--days", type=int, default=365, help="length of the simulated year")
    parser.add_argument("--brands", type=int, default=20, help="brands in it")
    parser.add_argument("--processes", type=int, default=2, help="how many of them at a time")
    arguments = parser.parse_args()
    parts = []
    for question in questions(
        arguments.data, days=arguments.days, brands=arguments.brands, processes=arguments.processes
    ):
        print(f"{question.name}: {' '.join(question.command)}", file=sys.stderr, flush=True)
        began = time.perf_counter()
        parts.append(run(question))
        print(f"  {parts[-1].problem or f'{time.perf_counter() - began:.0f} s'}", file=sys.stderr, flush=True)
    return write(arguments.out, parts)


def write(out: Path, parts: list[Part]) -> int:
    """Write everything to a folder; return 1 if a part could not be told of, else 0."""
    told = sections(parts)
    problems = {section.anchor: section.problem for section in told}
    found = {part.name: None if problems[part.name] else part.found for part in parts}
    asked = goals(found)
    out.mkdir(parents=True, exist_ok=True)
    made_with = f"Vigie {version('vigie')}, Python {platform.python_version()}, {platform.machine()}"
    (out / "report.html").write_text(build_page(told, asked, made_with), encoding="utf-8")
    (out / "README-table.md").write_text(readme_table(found), encoding="utf-8")
    (out / "summary.json").write_bytes(encode_pretty(summary(found, problems, asked)))
    for part in parts:
        if part.found is not None:
            (out / f"{part.name}.json").write_bytes(encode_pretty(part.found))
    for goal in asked:
        met = "?" if goal.met is None else "yes" if goal.met else "NO"
        print(f"{met:<4} {goal.what}: {goal.measured} ({goal.asked})")
    print(f"Written: {out / 'report.html'}")
    return int(any(problems.values()))


if __name__ == "__main__":
    sys.exit(main())
