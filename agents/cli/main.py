"""The command line: one group, a module for each command."""

from __future__ import annotations

from importlib.metadata import version

import click

from agents.cli.config import config
from agents.cli.demo import demo
from agents.cli.dlq import dlq
from agents.cli.doctor import doctor
from agents.cli.evaluate import evaluate
from agents.cli.evaluate_nab import nab
from agents.cli.evaluate_onset import onset
from agents.cli.explain import explain
from agents.cli.health import health
from agents.cli.models import models
from agents.cli.names import names
from agents.cli.notify import notify
from agents.cli.produce import produce
from agents.cli.read import read
from agents.cli.replay import replay
from agents.cli.simulate import simulate
from agents.cli.tail import tail
from agents.cli.topics import topics
from agents.cli.train import train
from agents.cli.worker import worker

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("vigie"), prog_name="vigie")
def main() -> None:
    """Watch what people post about a brand; say when a crisis starts and ends, with evidence.

    \b
    Try it:            vigie demo
    On your Kafka:     export VIGIE_BROKERS=host:9092 VIGIE_WATCHLIST=watchlist.toml
                       vigie topics create; vigie worker
    On a file:         vigie replay tweets.jsonl --watchlist watchlist.toml --out build/run --html

    Every setting is a VIGIE_* variable or a line of the TOML file that VIGIE_CONFIG names:
    see `vigie config show`. Exit codes: 0 done, 1 a check failed, 2 or 64 wrong usage,
    65 wrong input, 66 no input, 69 no broker, 70 a bug, 75 the broker refuses writes,
    78 wrong settings, watchlist or topics.
    """  # noqa: D301 - click's mark for lines that stay as they are


for command in (
    config,
    demo,
    dlq,
    doctor,
    evaluate,
    explain,
    health,
    models,
    names,
    notify,
    produce,
    read,
    replay,
    simulate,
    tail,
    topics,
    train,
    worker,
):
    main.add_command(command)
evaluate.add_command(nab)
evaluate.add_command(onset)
