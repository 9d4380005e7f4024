"""Files, pipes and standard input as a source: ``vigie ingest file``.

ADR: a run that was interrupted is gone on with, and one that came to the end is not: who starts it again wants the file
to be read again. What is put twice is dropped by enrich, as far as its memory of IDs goes back; that is why a run that
is gone on with leaves out what was put. ``--follow`` never comes to the end, so it always goes on.

ADR: a file can wait. It is read as fast as the journal has room, and nothing is lost to its bound.

ADR: a file has no connection that could be down, so it records no gaps of its own. Its marks bear no time: an archive
may be of any age.
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from agents.cli.console import read_settings
from agents.cli.mapping import parse_mapping
from agents.ingest.runner import run_source
from agents.ingest.sources.file.follow import FollowSource
from agents.ingest.sources.file.read import STANDARD_INPUT, FileSource, Records, is_stream
from pipeline.formats.columns import FIELDS

__all__ = ["FileSource", "FollowSource", "Records", "command"]

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?")
_WHOLE = (".csv", ".tsv", ".gz")


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--follow", is_flag=True, help="Wait for what is appended, until Ctrl-C; through rotations, as tail -F.")
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), help="N times real time. [default: as fast as possible]"
)
@click.option("--column", multiple=True, metavar="FIELD=COLUMN", help="Column of a CSV, where not obvious.")
@click.option("--from-beginning", is_flag=True, help="Do not go on where the last run was interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print the sums for programs.")
@click.option("--name", default="file", show_default=True, help="Another one for each that runs at the same time.")
def command(
    paths: tuple[Path, ...],
    column: tuple[str, ...],
    *,
    follow: bool,
    speed: float | None,
    from_beginning: bool,
    as_json: bool,
    name: str,
) -> None:
    """Put files of tweets (JSONL, CSV, also .gz) on tweets.raw, keyed by tweet ID; - is standard input, a line each.

    Ends when Kafka has acknowledged everything.

    \b
    vigie ingest file tweets.jsonl.gz more.csv     one after the other
    vigie ingest file --follow /var/log/tweets.jsonl
    gunzip -c tweets.jsonl.gz | vigie ingest file -

    After a run that was interrupted, by whatever, the same command goes on where that one was. After a run
    that came to the end, it reads everything again. With --follow files are read from their beginning the
    first time, and from then on where the last run with --follow stopped, also when they were renamed
    meanwhile. The place is kept in VIGIE_INGEST_DIR, under the name.

    \b
    Exit codes: 0  all of it is stored, or it was told to stop
               66  a file cannot be read
               78  wrong settings or topics
    """  # noqa: D301 - click's mark for lines that stay as they are
    if not _NAME.fullmatch(name):
        raise click.BadParameter("expected lower-case letters, digits and hyphens", param_hint="--name")
    mapping = parse_mapping(column)
    if unknown := [field for field in mapping or () if field not in FIELDS]:
        what = f"{', '.join(unknown)} cannot be mapped; what can be is {', '.join(FIELDS)}"
        raise click.BadParameter(what, param_hint="--column")
    source: FileSource | FollowSource
    if follow:
        _check_followed(paths, speed)
        source = FollowSource(paths=paths, mapping=mapping, from_beginning=from_beginning, name=name)
    else:
        source = FileSource(paths=paths, mapping=mapping, speed=speed, from_beginning=from_beginning, name=name)
    run_source(source, read_settings(), as_json=as_json)


def _check_followed(paths: tuple[Path, ...], speed: float | None) -> None:
    if speed is not None:
        raise click.UsageError("--speed is for files that have an end: leave out --follow")
    for path in paths:
        if str(path) == STANDARD_INPUT or is_stream(path):
            raise click.UsageError(f"{path} is a stream, which is read to its end anyway: leave out --follow")
        if path.suffix.lower() in _WHOLE:
            raise click.UsageError(f"{path}: --follow reads lines of JSON; a table or a packed file is read whole")
