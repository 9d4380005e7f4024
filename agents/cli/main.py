"""The command line: one group, a module for each command."""

from __future__ import annotations

import logging
from importlib.metadata import version

import click

from agents.cli.lazy import LazyGroup

__all__ = ["main"]


_PLACES = {
    "capacity": "agents.cli.capacity:capacity",
    "compliance": "agents.cli.compliance:compliance",
    "config": "agents.cli.config:config",
    "demo": "agents.cli.demo:demo",
    "demo-live": "agents.cli.demo_live:demo_live",
    "dlq": "agents.cli.dlq:dlq",
    "doctor": "agents.cli.doctor:doctor",
    "eval": "agents.cli.evaluate:evaluate",
    "explain": "agents.cli.explain:explain",
    "feedback": "agents.cli.feedback:feedback",
    "health": "agents.cli.health:health",
    "ingest": "agents.cli.ingest:ingest",
    "models": "agents.cli.models:models",
    "names": "agents.cli.names:names",
    "notify": "agents.cli.notify:notify",
    "playbook": "agents.cli.playbook:playbook",
    "read": "agents.cli.read:read",
    "replay": "agents.cli.replay:replay",
    "simulate": "agents.cli.simulate:simulate",
    "situation": "agents.cli.situation:situation",
    "tail": "agents.cli.tail:tail",
    "topics": "agents.cli.topics:topics",
    "train": "agents.cli.train:train",
    "watch": "agents.cli.watch:watch",
    "worker": "agents.cli.worker:worker",
}


@click.group(
    cls=LazyGroup,
    places=_PLACES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(version("vigie"), prog_name="vigie")
def main() -> None:
    """Watch what people post about a brand; say when a crisis starts and ends, with evidence.

    \b
    Try it:            vigie demo
    On your Kafka:     export VIGIE_BROKERS=host:9092 VIGIE_WATCHLIST=watchlist.toml
                       vigie topics create; vigie worker
    On a file:         vigie replay tweets.jsonl --watchlist watchlist.toml --out build/run

    Every setting is a VIGIE_* variable or a line of the TOML file that VIGIE_CONFIG names:
    see `vigie config show`. Exit codes: 0 done, 1 a check failed, 2 or 64 wrong usage,
    65 wrong input, 66 no input, 69 no broker, 70 a bug, 75 the broker refuses writes,
    78 wrong settings, watchlist or topics.
    """  # noqa: D301 - click's mark for lines that stay as they are
    logging.getLogger("aiokafka").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Drop the client's line for each first try to connect where no log was set up: the command says it once."""
    return logging.root.hasHandlers() or not str(record.msg).startswith('Unable connect to "')
