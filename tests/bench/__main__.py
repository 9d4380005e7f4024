"""``make bench``: what a tweet costs, how long it takes, and how both grow, beside a bare loop and three other engines.

Everything runs on a real Apache Kafka, on tweets that the process that reads them has not seen before. Figures go to
build/bench/results.json after each part, and from there to build/bench/report.html. Trust CPU more than the clock, and
ratios more than either: contenders take turns.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path

import msgspec

from tests.bench.measuring import Others, machine, pinned
from tests.bench.results import DEFAULT_PATH, Options, Part, Results
from tests.bench.targets import judge
from tests.brokers.jars import JarsError, class_path

PARTS = ("throughput", "delay", "scaling", "footprint", "ingest", "capacity", "report")
"""Modules of `tests.bench` with a function ``run(options, results)``: later ones read what earlier ones wrote."""

QUICK = Options(quick=True, runs=1, records=20_000, warm_up=5_000)
QUICK_PARTS = tuple(part for part in PARTS if part != "capacity")
"""A formula cannot be fitted to a run or two."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a figure of each kind, in a few minutes")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=f"only these: {', '.join(PARTS)}")
    parser.add_argument("--runs", type=int, help="interleaved runs of each contender (default: 3, quick: 1)")
    parser.add_argument("--records", type=int, help="tweets counted in a run (default: 60,000, quick: 20,000)")
    parser.add_argument("--no-pin", action="store_true", help="leave it to the system which process runs on which core")
    arguments = parser.parse_args()
    options = options_of(arguments)
    sys.exit(bench(options, arguments.only or (QUICK_PARTS if options.quick else PARTS)))


def options_of(arguments: argparse.Namespace) -> Options:
    """Return what is measured, by the command line."""
    given = {name: value for name in ("runs", "records") if (value := getattr(arguments, name)) is not None}
    options = QUICK if arguments.quick else Options()
    return msgspec.structs.replace(options, pin=not arguments.no_pin, **given)


def bench(options: Options, parts: tuple[str, ...], path: Path = DEFAULT_PATH) -> int:
    """Run parts, save after each, and return the exit code: 1 when one of them, or a contender, has no figures."""
    try:
        class_path()
    except JarsError as exc:
        print(f"The bench needs Apache Kafka: {exc}", file=sys.stderr)
        return 1
    anew = set(parts) == set(QUICK_PARTS if options.quick else PARTS)
    results = Results(options=options) if anew else earlier(path, options)
    others = Others()
    for name in parts:
        print(f"== {name}", file=sys.stderr, flush=True)
        started = time.monotonic()
        results.problems.pop(name, None)
        try:
            part: Part = importlib.import_module(f"tests.bench.{name}").run
            part(options, results)
        except SystemExit as exc:
            results.problems[name] = str(exc)
        except Exception as exc:  # noqa: BLE001 - the other parts are measured all the same
            traceback.print_exc()
            results.problems[name] = f"{type(exc).__name__}: {exc}"
        judge(results)
        results.machine = machine(pinned(pin=options.pin), others.busy())
        results.save(path)
        print(f"== {name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    for name, problem in results.problems.items():
        print(f"{name}: {problem}", file=sys.stderr)
    return int(bool(results.problems))


def earlier(path: Path, options: Options) -> Results:
    """Return what an earlier bench found, to be added to; nothing when there is no such file or it cannot be used."""
    try:
        found = Results.load(path)
    except (OSError, msgspec.MsgspecError):
        found = Results()
    found.options = options
    return found


if __name__ == "__main__":
    main()
