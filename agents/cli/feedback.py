"""``vigie feedback``: confirm, dismiss or snooze a crisis, and print what was said of crises."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from agents import exits
from agents.cli.console import fail, out, read_settings
from agents.cli.lines import printable
from agents.rawlog import Published, feedback_held, published_file, published_topic
from agents.saying import Outcome, open_crises, saying, the_open_one
from agents.settings import Settings
from agents.topics import BrokerUnreachable, TopicProblem
from pipeline.archive import ArchiveError
from pipeline.explain import CrisisNotFound
from pipeline.feedback import problem_of
from pipeline.feedback.records import first_end_after
from pipeline.replay import CRISES_FILE
from schemas.codec import encode
from schemas.crisis import CrisisEvent
from schemas.feedback import DismissReason, Feedback, FeedbackVerdict
from schemas.reading import SchemaError
from schemas.times import from_rfc3339, to_rfc3339

__all__ = ["feedback"]

_UNITS_MS = {"m": 60_000, "h": 3_600_000}
_MOST_BY = 64
_WAIT_S = 300.0
"""A minute closes when it is over, its tweets are no more than late, and a newer tweet has come."""


class _Time(click.ParamType):
    """A time with its offset from UTC, in epoch milliseconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return from_rfc3339(str(value))
        except (OverflowError, ValueError):
            self.fail(f"expected a time such as 2026-03-02T10:00:00Z, got {value!r}", param, ctx)


class _Duration(click.ParamType):
    """A duration such as 4h, in milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"([1-9][0-9]{0,4})([mh])", str(value))
        if not found:
            self.fail(f"expected a number and m or h, such as 4h; got {value!r}", param, ctx)
        return int(found[1]) * _UNITS_MS[found[2]]


def _said(command: Any) -> Any:
    """Add what every verdict takes."""
    options = (
        click.argument("crisis", metavar="BRAND_OR_CRISIS_ID"),
        click.option("--by", default="", metavar="ROLE", help="Who says so: a role rather than a name."),
        click.option("--at", type=_Time(), help="When, in event time. [default: now]"),
        click.option("--no-wait", is_flag=True, help="Return when it is written."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def feedback() -> None:
    """Say what is to be made of a crisis: confirm it, dismiss it, or snooze it.

    It holds from the first minute that ends after it was said: the minute's events say so, the life of the
    crisis obeys, and a replay with `vigie feedback log` gives the same events.

    \b
    Exit codes: 0  it took effect, or with --no-wait it is written
                1  it is written, and had not taken effect in time
               65  no such crisis is open, or it was refused
               69  no broker
               78  wrong settings or topics
    """  # noqa: D301 - click's mark for lines that stay as they are


@feedback.command()
@_said
def confirm(crisis: str, by: str, at: int | None, *, no_wait: bool) -> None:
    """Confirm it: it is a crisis, and somebody is on it.

    While it lasts, for up to two weeks, Vigie does not get used to it.
    """
    _say(crisis, FeedbackVerdict.CONFIRM, by, at, wait=not no_wait)


@feedback.command()
@_said
@click.option(
    "--reason", type=click.Choice([reason.value for reason in DismissReason]), required=True, help="Why it is none."
)
def dismiss(crisis: str, by: str, at: int | None, *, no_wait: bool, reason: str) -> None:
    """Dismiss it: it is none, ends at once, and the same talk opens no other unless it gets worse than it was."""
    _say(crisis, FeedbackVerdict.DISMISS, by, at, wait=not no_wait, reason=DismissReason(reason))


@feedback.command()
@_said
@click.option("--for", "length_ms", type=_Duration(), help="For so long, such as 90m or 4h; 24h at most.")
@click.option("--until", type=_Time(), help="Until then, in event time.")
def snooze(crisis: str, by: str, at: int | None, *, no_wait: bool, length_ms: int | None, until: int | None) -> None:
    """Snooze it: it is known and in hand. Until then you hear only of a higher level, and of its end."""
    if (length_ms is None) is (until is None):
        raise click.UsageError("give either --for or --until")
    time_ms = _now_ms() if at is None else at
    until_ms = time_ms + length_ms if length_ms is not None else until
    _say(crisis, FeedbackVerdict.SNOOZE, by, time_ms, wait=not no_wait, until_ms=until_ms)


@feedback.command()
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Folder of a replay. [default: the topic]")
@click.option("--brand", help="Only this brand.")
def log(folder: Path | None, brand: str | None) -> None:
    """Print the feedback that took effect, dated as it did: what `vigie replay --feedback FILE` reads."""
    for held in feedback_held(_published(read_settings(), folder)):
        if brand in (None, held.brand):
            click.echo(encode(held).decode())


def _now_ms() -> int:
    return int(time.time() * 1000)


def _published(settings: Settings, folder: Path | None) -> Published:
    try:
        return published_file(folder / CRISES_FILE) if folder is not None else asyncio.run(published_topic(settings))
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    except SchemaError as exc:
        fail(str(exc), exits.BAD_INPUT)
    except BrokerUnreachable as exc:
        fail(str(exc), exc.exit_code)
    except TopicProblem as exc:
        fail(str(exc), exits.CONFIG)


def _say(
    crisis: str,
    verdict: FeedbackVerdict,
    by: str,
    at_ms: int | None,
    *,
    wait: bool,
    reason: DismissReason | None = None,
    until_ms: int | None = None,
) -> None:
    settings = read_settings()
    try:
        event = the_open_one(crisis, open_crises(_published(settings, None)))
    except CrisisNotFound as exc:
        fail(printable_lines(str(exc)), exits.BAD_INPUT)
    record = Feedback(
        id=str(uuid4()),
        brand=event.brand,
        crisis_id=event.crisis_id,
        verdict=verdict,
        reason=reason,
        until=None if until_ms is None else to_rfc3339(until_ms),
        time=to_rfc3339(_now_ms() if at_ms is None else at_ms),
        by=by.encode("utf-8", "replace").decode(),
    )
    if problem := problem_of(record) or (f"by: at most {_MOST_BY} characters" if len(record.by) > _MOST_BY else None):
        raise click.UsageError(problem)
    try:
        asyncio.run(_write(settings, record, event, wait=wait))
    except BrokerUnreachable as exc:
        fail(str(exc), exc.exit_code)
    except TopicProblem as exc:
        fail(str(exc), exits.CONFIG)


def printable_lines(text: str) -> str:
    """Replace what a terminal would act on, but for line ends."""
    return "\n".join(printable(line) for line in text.split("\n"))


async def _write(settings: Settings, record: Feedback, event: CrisisEvent, *, wait: bool) -> None:
    async with saying(settings, record) as said:
        from_ms = first_end_after(from_rfc3339(record.time))
        out.print(
            printable(
                f"{record.verdict.value} {event.brand}, crisis {event.crisis_id} "
                f"(level {event.level.name.lower()}, opened {event.opened_at}): written.\n"
            ).strip()
        )
        out.print(
            f"It holds from the minute that ends {to_rfc3339(from_ms)}, or, if that has been closed, from the next one."
        )
        if not wait:
            return
        with out.status("waiting until that minute closes") if out.is_terminal else nullcontext():
            try:
                async with asyncio.timeout(_WAIT_S):
                    outcome = await said.outcome()
            except TimeoutError:
                fail(
                    f"No such minute has closed within {_WAIT_S / 60:.0f} min: time goes on when tweets come in. It is "
                    "written and will hold; `vigie tail crises` shows when.",
                    exits.FAILED,
                )
    _tell(outcome)


def _tell(outcome: Outcome) -> None:
    if outcome.refused:
        fail(printable(f"Refused: {outcome.refused}"), exits.BAD_INPUT)
    if outcome.ended is not None:
        out.print(printable(f"The crisis had ended by itself before, at {outcome.ended.time}: nothing was to be done."))
        return
    event = outcome.event
    if event is None or event.feedback is None:
        return
    done = {
        FeedbackVerdict.CONFIRM: f"the crisis is confirmed, at level {event.level.name.lower()}",
        FeedbackVerdict.DISMISS: "the crisis is over; only a level above its highest opens another for the same talk",
        FeedbackVerdict.SNOOZE: f"nothing more until {event.feedback.until}, unless the level rises or the crisis ends",
    }[event.feedback.verdict]
    out.print(printable(f"Held from {event.feedback.held_from} (step {event.sequence + 1}): {done}."))
