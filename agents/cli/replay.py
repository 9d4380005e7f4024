"""``vigie replay``: the live engine over a file."""

from __future__ import annotations

import time
from pathlib import Path

import click

from agents import exits
from agents.cli.console import fail, out, print_json, progress_bar, read_settings, read_watchlist
from agents.reports import write_report
from agents.settings import SettingsError
from pipeline.archive import ArchiveError, read
from pipeline.engine import Engine
from pipeline.replay import CRISES_FILE, DEADLETTERS_FILE, WINDOWS_FILE, ReplaySummary
from pipeline.replay import replay as run_replay

__all__ = ["parse_mapping", "replay"]


def parse_mapping(pairs: tuple[str, ...]) -> dict[str, str] | None:
    """Parse ``--column field=column`` options; none when there are none."""
    if not pairs:
        return None
    wrong = [pair for pair in pairs if not all(pair.partition("="))]
    if wrong:
        raise click.BadParameter(f"expected field=column, got {wrong[0]!r}", param_hint="--column")
    return dict(pair.split("=", 1) for pair in pairs)


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option("--watchlist", type=click.Path(path_type=Path), help="The brands. [default: VIGIE_WATCHLIST]")
@click.option("--out", "out_dir", type=click.Path(path_type=Path), required=True, help="Folder for the results.")
@click.option("--html", is_flag=True, help="Write report.html as well.")
@click.option("--column", multiple=True, metavar="FIELD=COLUMN", help="Column of a CSV, where not obvious.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary for programs.")
def replay(
    source: Path, watchlist: Path | None, out_dir: Path, column: tuple[str, ...], *, html: bool, as_json: bool
) -> None:
    """Run the live engine over a file of tweets (JSONL, CSV, also .gz).

    Writes windows.jsonl, crises.jsonl and deadletters.jsonl to the folder: byte for byte what the
    agents publish for the same log with the same settings.
    """
    mapping = parse_mapping(column)
    settings = read_settings(watchlist=watchlist)
    try:
        engine = Engine(settings.engine(), read_watchlist(settings), settings.analyzer())
    except SettingsError as exc:
        fail(str(exc), exits.CONFIG)
    started = time.perf_counter()
    summary = ReplaySummary()
    try:
        with progress_bar() as bar:
            task = bar.add_task("replaying", total=source.stat().st_size if source.is_file() else None, note="")
            archive = read(source, mapping=mapping, progress=lambda done: bar.update(task, completed=done))
            for summary in run_replay(engine, archive, out_dir, read_at_ms=int(time.time() * 1000)):
                note = f"{summary.counts['records']} records, {summary.crisis_events} crisis events"
                bar.update(task, note=note)
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    except OSError as exc:
        fail(f"cannot write to {out_dir}: {exc.strerror}", exits.NO_INPUT)
    report = None
    if html:
        report = out_dir / "report.html"
        write_report(
            report,
            windows=out_dir / WINDOWS_FILE,
            crises=out_dir / CRISES_FILE,
            title=source.name,
            generated_from=f"vigie replay {source.name}",
        )
    _print_summary(summary, out_dir, report, time.perf_counter() - started, as_json=as_json)


def _print_summary(summary: ReplaySummary, out_dir: Path, report: Path | None, took_s: float, *, as_json: bool) -> None:
    counts = summary.counts
    if as_json:
        print_json(
            {
                "counts": dict(counts),
                "windows": summary.windows,
                "crisis_events": summary.crisis_events,
                "crises_by_peak_level": {str(level): n for level, n in summary.by_level().items()},
                "out": str(out_dir),
                "report": str(report) if report else None,
            }
        )
        return
    out.print(
        f"{counts['records']:,} records: {counts['tweets']:,} tweets ({counts['duplicates']:,} duplicates, "
        f"{counts['late']:,} late, {counts['unmatched']:,} about none of the brands), "
        f"{counts['mentions']:,} mentions, {counts['deadletters']:,} dead letters; {took_s:.1f} s"
    )
    names = {1: "watch", 2: "alert", 3: "crisis", 4: "severe"}
    peaks = ", ".join(f"{count} {names[level]}" for level, count in summary.by_level().items()) or "none"
    out.print(f"{summary.windows:,} windows closed; crises by highest level: {peaks}")
    for name in (WINDOWS_FILE, CRISES_FILE, DEADLETTERS_FILE):
        out.print(f"  {out_dir / name}")
    if report:
        out.print(f"  {report}")
