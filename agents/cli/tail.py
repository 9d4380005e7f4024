"""``vigie tail``: watch a topic."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import aclosing

import click
from aiokafka import ConsumerRecord

from agents import exits
from agents.cli.console import fail, read_settings
from agents.cli.lines import crisis_line, deadletter_line, is_mark, mention_line, window_line
from agents.reading import is_about, is_redacted, read_topic
from agents.settings import Settings
from agents.terminal import escaped_json
from agents.topics import BrokerUnreachable, TopicProblem, admin_client

__all__ = ["tail"]

_BLANKS = str.maketrans("\t\r\n", "   ")
_LINES = {
    "mentions": mention_line,
    "windows": window_line,
    "crises": crisis_line,
    "deadletters": deadletter_line,
}


@click.command()
@click.argument("topic", type=click.Choice(sorted(_LINES)))
@click.option("--from-beginning", is_flag=True, help="Start with what is there already.")
@click.option("--no-follow", is_flag=True, help="Stop at the end (with --from-beginning).")
@click.option("--brand", help="Only this brand.")
@click.option("--json", "as_json", is_flag=True, help="The records as they are, one a line.")
def tail(topic: str, brand: str | None, *, from_beginning: bool, no_follow: bool, as_json: bool) -> None:
    """Print what comes in on a topic, until Ctrl-C."""
    settings = read_settings()
    work = _tail(settings, topic, brand, from_beginning=from_beginning, follow=not no_follow, as_json=as_json)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(work)
        except BrokerUnreachable as exc:
            fail(str(exc), exc.exit_code)
        except TopicProblem as exc:
            fail(str(exc), exits.CONFIG)


async def _tail(
    settings: Settings, topic: str, brand: str | None, *, from_beginning: bool, follow: bool, as_json: bool
) -> None:
    async with admin_client(settings, timeout_s=5.0):
        pass
    name = getattr(settings.topics, topic)
    async with aclosing(read_topic(settings, name, from_beginning=from_beginning, follow=follow)) as records:
        async for record in records:
            if brand is None or is_about(record, brand):
                line = _raw_line(record) if as_json else _line(topic, record)
                if line is not None:
                    click.echo(line)


def _line(topic: str, record: ConsumerRecord[bytes, bytes]) -> str | None:
    line = _LINES[topic](record)
    return f"{line}; AGAIN, without tweets that were withdrawn" if line and is_redacted(record) else line


def _raw_line(record: ConsumerRecord[bytes, bytes]) -> str | None:
    """Return the record's JSON; its white space is blanks, so that it is one line whatever it holds."""
    if is_mark(record):
        return None
    text = (record.value or b"").decode("utf-8", "replace")
    return escaped_json(text.translate(_BLANKS))
