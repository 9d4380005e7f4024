"""``vigie replay``: the live engine over a file."""

from __future__ import annotations

import time
from pathlib import Path

import click

from agents import exits, logs
from agents.cli.console import fail, out, print_json, progress_bar, read_settings, read_watchlist
from agents.cli.mapping import parse_mapping
from agents.reports import Edition, crisis_records, file_texts, window_records, write_report
from agents.settings import SettingsError
from pipeline.archive import ArchiveError, read
from pipeline.archive.texts import tweet_ids
from pipeline.engine import Engine
from pipeline.feedback.log import read_log
from pipeline.replay import CRISES_FILE, DEADLETTERS_FILE, WINDOWS_FILE, ReplaySummary
from pipeline.replay import replay as run_replay
from schemas.reading import SchemaError

__all__ = ["LANGUAGES", "replay"]

LANGUAGES = ("en", "fr")
"""What a report can be written in."""


@click.command()
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option("--watchlist", type=click.Path(path_type=Path), help="The brands. [default: VIGIE_WATCHLIST]")
@click.option("--out", "out_dir", type=click.Path(path_type=Path), required=True, help="Folder for the results.")
@click.option("--html/--no-html", default=True, show_default=True, help="Write report.html as well.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the report.")
@click.option("--with-text", is_flag=True, help="Show in the report the texts of the tweets worth reading.")
@click.option("--feedback", "said", type=click.Path(path_type=Path), help="What `vigie feedback log` printed.")
@click.option("--column", multiple=True, metavar="FIELD=COLUMN", help="Column of a CSV, where not obvious.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary for programs.")
def replay(  # noqa: PLR0913 - an option each
    source: Path,
    watchlist: Path | None,
    out_dir: Path,
    said: Path | None,
    column: tuple[str, ...],
    *,
    html: bool,
    lang: str,
    with_text: bool,
    as_json: bool,
) -> None:
    """Run the live engine over a file of tweets (JSONL, CSV, also .gz).

    Writes windows.jsonl, crises.jsonl and deadletters.jsonl to the folder: byte for byte what the
    agents publish for the same log with the same settings. And report.html, for people.

    The report names tweets by their IDs. With --with-text it shows their texts as well, read from the
    file once more: then it is no more public than the file is.
    """
    if with_text and not html:
        raise click.UsageError("--with-text is for the report: leave out --no-html")
    mapping = parse_mapping(column)
    settings = read_settings(watchlist=watchlist)
    brands = read_watchlist(settings)
    try:
        heard = [] if said is None else read_log(said)
        engine = Engine(settings.engine(), brands, settings.analyzer(), heard)
    except SchemaError as exc:
        fail(str(exc), exits.BAD_INPUT)
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
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
    report, texts = None, None
    if html:
        report = out_dir / "report.html"
        if with_text:
            texts = _texts(source, out_dir, mapping, settings.max_record_bytes)
        edition = Edition(
            title=source.name,
            generated_from=f"vigie replay {source.name}",
            lang=lang,
            names={key: brand.name for key, brand in brands.brands.items()},
            texts=texts,
            late=summary.late,
        )
        write_report(report, window_records(out_dir / WINDOWS_FILE), crisis_records(out_dir / CRISES_FILE), edition)
    _print_summary(summary, out_dir, report, time.perf_counter() - started, as_json=as_json)


def _texts(source: Path, out_dir: Path, mapping: dict[str, str] | None, max_bytes: int) -> dict[str, str]:
    try:
        wanted = tweet_ids(crisis_records(out_dir / CRISES_FILE))
        texts, missing = file_texts(source, wanted, mapping=mapping, max_bytes=max_bytes)
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    if missing:
        logs.say(
            f"the texts of {missing:,} of {missing + len(texts):,} tweets were not found: the report has their IDs"
        )
    return texts


def _print_summary(summary: ReplaySummary, out_dir: Path, report: Path | None, took_s: float, *, as_json: bool) -> None:
    counts = summary.counts
    if as_json:
        print_json(
            {
                "counts": dict(counts),
                "windows": summary.windows,
                "crisis_events": summary.crisis_events,
                "situations": summary.situations,
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
    out.print(
        f"{summary.windows:,} windows closed; crises by highest level: {peaks}; "
        f"{summary.situations:,} situation reports"
    )
    if counts["gaps"] or counts["gaps_too_late"]:
        out.print(
            f"{counts['gaps']:,} gap records: input is missing; "
            f"{counts['gaps_cut'] + counts['gaps_too_late']:,} known too late, in part or in whole"
        )
    for name in (WINDOWS_FILE, CRISES_FILE, DEADLETTERS_FILE):
        out.print(f"  {out_dir / name}")
    if report:
        out.print(f"  {report}")
