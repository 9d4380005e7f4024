"""``vigie compliance``: whether what must be gone is gone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import time as wall_clock
from typing import Any

import click

from agents import exits
from agents.cli.console import fail, print_json, progress_bar, read_settings
from agents.cli.lines import printable
from agents.compliance.bounds import kept_for
from agents.compliance.files import report_files, scan_file
from agents.compliance.rules import Found, What
from agents.compliance.scan import Progress, TopicScan, scan
from agents.compliance.sought import Search, Sought, SoughtKind
from agents.retention import Retention, configs_of, judged
from agents.settings import Settings, SettingsError
from agents.topics import BrokerUnreachable, TopicProblem
from pipeline.authorhash import AuthorHasher
from pipeline.postid import platform_of_account
from schemas.times import to_rfc3339

__all__ = ["compliance"]

_SHOWN = 60
"""Characters of a text that are shown: it is what was asked for, so this is to know it again."""


@dataclass(slots=True, kw_only=True)
class _Result:
    scans: list[TopicScan] = field(default_factory=list)
    reports: list[Found] = field(default_factory=list)
    files: int = 0
    on_broker: dict[str, dict[str, str]] = field(default_factory=dict)
    retention: Retention = field(default_factory=Retention)

    def found(self) -> Iterator[Found]:
        for each in self.scans:
            yield from each.found
        yield from self.reports


@click.group()
def compliance() -> None:
    """Prove that deleted posts are gone."""


def _something(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(str.strip, values)):
        raise click.BadParameter("is empty, and would be everywhere")
    return values


@compliance.command()
@click.option(
    "--id",
    "ids",
    multiple=True,
    metavar="ID",
    callback=_something,
    help="A post (a number of X, at://… of Bluesky); may be repeated.",
)
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="ID",
    callback=_something,
    help="An account, by its ID (a number of X, a DID of Bluesky); may be repeated.",
)
@click.option("--text", "texts", multiple=True, callback=_something, help="A text, or a part of one; may be repeated.")
@click.option(
    "--reports",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with reports (HTML, JSON, text), to be looked through as well.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def verify(
    ids: tuple[str, ...], users: tuple[str, ...], texts: tuple[str, ...], reports: Path | None, *, as_json: bool
) -> None:
    """Look for posts, accounts and texts in every topic and table, from beginning to end.

    \b
    vigie compliance verify --id 1863912345678901234
    vigie compliance verify --user 2244994945 --text "my bag is in Lisbon" --reports build/reports

    Prints where each is and as what: topic, partition, offset, time. Tables are read in their
    changelogs, unpacked, with the versions that compaction has yet to remove. A mention's own ID and
    its author hash are allowed while the topic is kept, as is a compliance notice; a text, an
    exemplar, a question, a document of a concern are not (agents/compliance/rules.py has the table).
    An account is looked for by its ID where X's own payloads are, else by its keyed hashes of the
    last two years; for those the settings must name the same VIGIE_AUTHOR_KEY_FILE as enrich.

    Also prints for how long the broker keeps each topic, beside how long it may. It takes rights to
    read and to describe, none to write. No text is printed but the one asked for.

    \b
    Exit codes: 0  nothing was found that is not allowed, and no topic is kept too long
                1  something was, or one is, or how long is not known
               66  a report cannot be read
               69  no broker
               78  wrong settings or topics
    """  # noqa: D301 - click's mark for lines that stay as they are
    settings = read_settings()
    now_ms = int(wall_clock() * 1000)
    search = Search(_sought(settings, ids, users, texts, now_ms))
    result = _looked(settings, search, reports, now_ms)
    wrong = [found for found in result.found() if not found.allowed]
    if as_json:
        print_json(_as_json(search, result, now_ms))
    else:
        for line in _lines(search, result, wrong, now_ms):
            click.echo(printable(line))
    sys.exit(exits.FAILED if wrong or result.retention.problems or result.retention.unknown else exits.OK)


def _sought(
    settings: Settings, ids: Sequence[str], users: Sequence[str], texts: Sequence[str], now_ms: int
) -> Iterator[Sought]:
    for each in ids:
        yield Sought(kind=SoughtKind.ID, value=each)
    if users:
        try:
            hasher = AuthorHasher(settings.engine().author_key)
        except SettingsError as exc:
            fail(str(exc), exits.CONFIG)
        for each in users:
            hashes = frozenset(hasher.all_of(platform_of_account(each), each, now_ms))
            yield Sought(kind=SoughtKind.USER, value=each, hashes=hashes)
    for each in texts:
        yield Sought(kind=SoughtKind.TEXT, value=each)


def _looked(settings: Settings, search: Search, reports: Path | None, now_ms: int) -> _Result:
    result = _Result()
    with progress_bar() as bar:
        task = bar.add_task("reading", total=None, note="")

        def note(topic: str, records: int) -> None:
            bar.update(task, note=f"{topic}: {records:,} records")

        try:
            asyncio.run(_scan(settings, search, result, now_ms, note))
        except BrokerUnreachable as exc:
            fail(str(exc), exc.exit_code)
        except TopicProblem as exc:
            fail(str(exc), exits.CONFIG)
        if reports is not None:
            _read_reports(reports, search, result, note)
    return result


async def _scan(settings: Settings, search: Search, result: _Result, now_ms: int, progress: Progress) -> None:
    result.scans = await scan(settings, search, now_ms=now_ms, progress=progress)
    configs = await configs_of(settings, [each.spec for each in result.scans])
    result.on_broker, result.retention = configs.known, judged(settings, configs)


def _read_reports(folder: Path, search: Search, result: _Result, progress: Progress) -> None:
    try:
        for path in report_files(folder):
            result.reports += scan_file(path, search)
            result.files += 1
            progress(str(folder), result.files)
    except OSError as exc:
        fail(f"{exc.filename}: cannot be read: {exc.strerror}", exits.NO_INPUT)


# -- telling ---------------------------------------------------------------------------------------------


def _lines(search: Search, result: _Result, wrong: Sequence[Found], now_ms: int) -> Iterator[str]:
    for found in result.found():
        time = to_rfc3339(found.time_ms)
        yield f"{_place(found)}  {time}  {_name(found.sought)}: {found.what}, {_said(found, now_ms)}"
    yield from _table(result)
    yield from result.retention.problems
    yield from (f"how long topic {name} is kept is not known: {why}" for name, why in result.retention.unknown.items())
    allowed = sum(1 for _ in result.found()) - len(wrong)
    records = sum(each.records for each in result.scans)
    yield (
        f"{len(search.sought):,} looked for in {records:,} records of {len(result.scans)} topics"
        + (f" and {result.files:,} reports" if result.files else "")
        + f": {len(wrong):,} places not allowed, {allowed:,} allowed"
    )


def _table(result: _Result) -> Iterator[str]:
    width = max((len(each.spec.name) for each in result.scans), default=0)
    yield f"{'topic':<{width}}  {'records':>9}  {'kept at most':<34}  on the broker"
    for each in result.scans:
        on_broker = result.on_broker.get(each.spec.name)
        said = "does not say" if on_broker is None else kept_for(on_broker)
        yield f"{each.spec.name:<{width}}  {each.records:>9,}  {kept_for(each.spec.config):<34}  {said}"


def _place(found: Found) -> str:
    if found.what is What.REPORT:
        return f"{found.topic} line {found.offset}" if found.offset else found.topic
    return f"{found.topic}[{found.partition}] offset {found.offset}"


def _name(sought: Sought) -> str:
    if sought.kind is not SoughtKind.TEXT:
        return f"{sought.kind} {sought.value}"
    return f'text "{sought.value[:_SHOWN]}{"…" if len(sought.value) > _SHOWN else ""}"'


def _said(found: Found, now_ms: int) -> str:
    if found.allowed:
        return "allowed"
    if found.is_overdue(now_ms):
        return f"NOT ALLOWED: was to be gone by {to_rfc3339(found.until_ms or 0)}"
    if found.replaced:
        return "NOT ALLOWED: older version, goes with compaction"
    if found.until_ms is not None and found.what in (What.POST, What.TEXT):
        return f"NOT ALLOWED: goes with retention, by {to_rfc3339(found.until_ms)}"
    return "NOT ALLOWED"


def _as_json(search: Search, result: _Result, now_ms: int) -> dict[str, Any]:
    return {
        "sought": [{"kind": one.kind, "value": one.value} for one in search.sought],
        "topics": [
            {
                "topic": each.spec.name,
                "records": each.records,
                "kept_at_most": each.spec.config,
                "on_broker": {
                    name: value
                    for name, value in result.on_broker.get(each.spec.name, {}).items()
                    if name in each.spec.config
                },
            }
            for each in result.scans
        ],
        "kept_too_long": result.retention.problems,
        "retention_not_known": result.retention.unknown,
        "reports": result.files,
        "found": [
            {
                "kind": found.sought.kind,
                "value": found.sought.value,
                "what": found.what,
                "topic": found.topic,
                "partition": found.partition,
                "offset": found.offset,
                "time": to_rfc3339(found.time_ms),
                "allowed": found.allowed,
                "replaced": found.replaced,
                "overdue": found.is_overdue(now_ms),
                "until": None if found.until_ms is None else to_rfc3339(found.until_ms),
            }
            for found in result.found()
        ],
        "not_allowed": sum(not found.allowed for found in result.found()),
        "allowed": sum(found.allowed for found in result.found()),
    }
