"""``vigie dlq``: look at dead letters, send them back to where they came from, delete them."""

from __future__ import annotations

import asyncio
import functools
import re
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import click

from agents import exits
from agents.cli.console import fail, print_json, progress_bar, read_settings
from agents.cli.letters import letter_json, letter_lines, list_json, list_lines, plan_lines, purge_lines
from agents.letters.letter import Choice, Mark, NoSuchLetter, Progress, letter_at
from agents.letters.purge import plan_purge
from agents.letters.purge import purge as delete
from agents.letters.redrive import plan
from agents.letters.redrive import redrive as write_again
from agents.letters.survey import survey
from agents.topics import BrokerUnreachable, TopicProblem
from schemas.times import from_rfc3339

__all__ = ["dlq"]

T = TypeVar("T")

_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class _Age(click.ParamType):
    """A duration such as 90m, in milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"([0-9]{1,9})([smhd])", str(value))
        if not found:
            self.fail(f"expected a number and s, m, h or d, such as 90m; got {value!r}", param, ctx)
        return int(found[1]) * _UNITS_MS[found[2]]


class _Moment(_Age):
    """A duration before now, or a time with its offset from UTC, in epoch milliseconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return from_rfc3339(str(value))
        except ValueError:
            return _now_ms() - super().convert(value, param, ctx)


class _Stretch(click.ParamType):
    """One offset, or the first and the last of several."""

    name = "A-B"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", str(value))
        if not found:
            self.fail(f"expected an offset, or a first and a last one, such as 120-180; got {value!r}", param, ctx)
        return int(found[1]), int(found[2] or found[1])


def _now_ms() -> int:
    return int(time.time() * 1000)


def _chosen(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose letters; the command gets them as ``choice``."""

    @functools.wraps(command)
    def with_choice(
        *, stages: tuple[str, ...], reasons: tuple[str, ...], topic: str | None, since_ms: int | None, **others: Any
    ) -> None:
        command(choice=Choice(stages=stages, reasons=reasons, topic=topic, since_ms=since_ms), **others)

    for option in (
        click.option(
            "--since", "since_ms", type=_Moment(), help="Written since: 90m, 24h, 7d ago, or 2026-05-30T20:00Z."
        ),
        click.option("--topic", help="Of records that came from this topic."),
        click.option("--reason", "reasons", multiple=True, help="With this reason; may be repeated."),
        click.option(
            "--stage", "stages", multiple=True, help="Of this stage: enrich, track, notify, erase; may be repeated."
        ),
    ):
        with_choice = option(with_choice)
    return with_choice


@click.group()
def dlq() -> None:
    """Look at dead letters, redrive them, delete them.

    A dead letter is a record that could not be used, untouched, with the reason in added headers. The
    runbook is deploy/runbooks/redriving-dead-letters.md.
    """


@dlq.command("list")
@_chosen
@click.option("--limit", type=click.IntRange(0, 10_000), default=20, show_default=True, help="Newest letters to show.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(choice: Choice, limit: int, *, as_json: bool) -> None:
    """Count letters by stage and reason, and show the newest.

    A place such as 0:17 is partition and offset in the dead-letter topic. No text of a tweet is shown.
    """
    settings = read_settings()
    found = _run("reading letters", lambda progress: survey(settings, choice, newest=limit, progress=progress))
    if as_json:
        print_json(list_json(found))
        return
    for line in list_lines(found, settings.topics.deadletters):
        click.echo(line)


@dlq.command()
@click.argument("offset", type=click.IntRange(min=0))
@click.option("--partition", type=click.IntRange(min=0), default=0, show_default=True, help="Of the dead-letter topic.")
@click.option("--json", "as_json", is_flag=True, help="All of it, for programs: key, value and headers in base 64.")
@click.option("--raw", is_flag=True, help="Only the value, byte for byte, to standard output.")
def show(offset: int, partition: int, *, as_json: bool, raw: bool) -> None:
    """Show the letter at OFFSET: where it came from, why it failed, its headers and its value.

    The value is a tweet as it came, so this prints what a person wrote, and perhaps who: mind where the
    output goes. Characters that a terminal acts on are replaced, and long values are cut; --raw does
    neither.
    """
    settings = read_settings()
    found = _run("reading", lambda _: letter_at(settings, (partition, offset)))
    if isinstance(found, Mark):
        at = f"{found.letter[0]}:{found.letter[1]}"
        fail(f"there is no letter at {partition}:{offset}, but the mark that {at} was redriven", exits.BAD_INPUT)
    if raw:
        sys.stdout.buffer.write(found.record.value or b"")
    elif as_json:
        print_json(letter_json(found))
    else:
        for line in letter_lines(found):
            click.echo(line)


@dlq.command()
@_chosen
@click.option(
    "--offsets", type=_Stretch(), multiple=True, help="Of the dead-letter topic: 17, or 120-180; may be repeated."
)
@click.option("--again", is_flag=True, help="Letters that were redriven before as well.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def redrive(choice: Choice, offsets: tuple[tuple[int, int], ...], *, again: bool, dry_run: bool, yes: bool) -> None:
    """Write the records of letters once more to the topic they came from, and mark the letters.

    Do so after the cause is mended. Without a choice, all letters are meant.

    \b
    - Key, value and headers are as they came; a header vigie.redriven names the letter.
    - A redriven tweet is judged anew, by its own time: unless it is recent it is late, which is
      counted as such and enters no window. To get past windows right, replay
      (deploy/runbooks/replay-after-bad-configuration.md).
    - A letter that was redriven is left out, but with --again. After a crash in the midst of this,
      letters may be redriven twice; enrich drops a tweet that it has seen within
      VIGIE_DUPLICATE_MEMORY records.
    - Letters of stage track cannot be redriven: a mention that comes again is dropped as a repeat.
    - Letters of stage notify go to the channel that failed only.

    \b
    Exit codes: 0  done, or nothing to do
                1  some of the letters cannot be redriven; the output says which and why
               64  neither a terminal to ask on nor --yes: nothing was done
               69  no broker
               78  wrong settings or topics, or a topic takes no records
    """  # noqa: D301 - click's mark for lines that stay as they are
    settings = read_settings()
    choice = replace(choice, offsets=offsets)
    found = _run("reading letters", lambda progress: plan(settings, choice, again=again, progress=progress))
    for line in plan_lines(found):
        click.echo(line)
    if found.wanted and not dry_run:
        _agreed("Redrive them?", yes=yes)
        done = _run("redriving", lambda progress: write_again(settings, found, progress=progress))
        click.echo(f"{done.records:,} records written once more, {done.letters:,} letters marked")
        for partition, offset in done.too_large:
            click.echo(f"{partition}:{offset} not redriven: its topic takes no record of that size (max.message.bytes)")
        if done.too_large:
            sys.exit(exits.FAILED)
    if found.refused:
        sys.exit(exits.FAILED)


@dlq.command()
@click.option("--before", type=click.IntRange(min=0), metavar="OFFSET", help="Delete what stands before this offset.")
@click.option("--partition", type=click.IntRange(min=0), default=0, show_default=True, help="For --before.")
@click.option("--older-than", "age_ms", type=_Age(), help="Delete what is older: 90m, 24h, 30d.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(before: int | None, partition: int, age_ms: int | None, *, yes: bool) -> None:
    """Delete the oldest letters for good, for instance to honour a request for deletion.

    Kafka deletes from the beginning only, so all that is older than what has to go goes as well. The
    embedded broker cannot delete records.
    """
    if (before is None) == (age_ms is None):
        fail("give either --before OFFSET or --older-than DURATION", exits.USAGE)
    settings = read_settings()
    place = None if before is None else (partition, before)
    limit_ms = None if age_ms is None else _now_ms() - age_ms
    found = _run(
        "reading letters",
        lambda progress: plan_purge(settings, before=place, older_than_ms=limit_ms, progress=progress),
    )
    for line in purge_lines(found, settings.topics.deadletters):
        click.echo(line)
    if not found.before:
        return
    _agreed("Delete them for good?", yes=yes)
    for number, offset in sorted(_run("deleting", lambda _: delete(settings, found)).items()):
        click.echo(f"deleted: {settings.topics.deadletters}[{number}] begins at offset {offset} now")


def _agreed(question: str, *, yes: bool) -> None:
    """Return when we may go on; else exit."""
    if yes:
        return
    if not sys.stdin.isatty():
        fail("nothing was done: there is no terminal to ask on. Give --yes to do it", exits.USAGE)
    if not click.confirm(question):
        fail("nothing was done", exits.FAILED)


def _run(what: str, work: Callable[[Progress], Coroutine[Any, Any, T]]) -> T:
    """Do the work with its progress on a terminal, or say what is wrong."""
    try:
        with progress_bar() as bar:
            task = bar.add_task(what, total=None, note="")
            return asyncio.run(work(lambda count: bar.update(task, note=f"{count:,}")))
    except NoSuchLetter as exc:
        fail(str(exc), exits.BAD_INPUT)
    except BrokerUnreachable as exc:
        fail(str(exc), exc.exit_code)
    except TopicProblem as exc:
        fail(str(exc), exits.CONFIG)
