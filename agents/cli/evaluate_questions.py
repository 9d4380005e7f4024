"""``vigie eval questions``: how well it is seen that a tweet asks something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from agents import exits
from agents.cli.console import fail, print_json, progress_bar
from agents.cli.mapping import parse_mapping
from pipeline.archive import ArchiveError, read
from pipeline.archive.source import Source
from pipeline.formats import parse
from pipeline.text import StandardAnalyzer
from pipeline.text.evaluation import EvaluationError
from pipeline.text.questioneval import QuestionLabel, read_labels, score_questions
from schemas.tweet import Tweet

__all__ = ["questions"]

_MAX_BYTES = 16_000_000
"""As large as records come."""


@click.command()
@click.argument("labels", metavar="LABELS", type=click.Path(path_type=Path))
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option("--column", multiple=True, metavar="FIELD=COLUMN", help="Column of a CSV, where not obvious.")
def questions(labels: Path, source: Path, column: tuple[str, ...]) -> None:
    """Score which tweets are said to ask something.

    INPUT is what vigie replay reads. LABELS names some of its tweets by their IDs, so that it holds no texts.

    \b
    A line of LABELS, with tabs between:  570306133677760513  1  held-out
    1     it asks something and its author could expect an answer; 0: no
    part  optional; scores are given for each as well

    \b
    What comes out:
    precision, recall   with 95 % intervals (Wilson)
    missing             labelled tweets that INPUT does not have
    said_but_not_asked, asked_but_not_said
                        IDs of the tweets where labels and reading differ
    """  # noqa: D301 - click's mark for lines that stay as they are
    known = _labels(labels)
    wanted = {label.tweet_id for label in known}
    try:
        tweets = list(_tweets(source, parse_mapping(column), wanted))
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    read_as = StandardAnalyzer().analyze(tweets)
    said = {tweet.id: analysis.question for tweet, analysis in zip(tweets, read_as, strict=True)}
    print_json({"labels": str(labels), "input": str(source)} | score_questions(known, said))


def _labels(path: Path) -> list[QuestionLabel]:
    try:
        with Source(path, None).open() as stream:
            return read_labels(stream)
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    except EvaluationError as exc:
        fail(f"{path}: {exc}", exits.BAD_INPUT)


def _tweets(path: Path, mapping: dict[str, str] | None, wanted: set[str]) -> Iterator[Tweet]:
    """Yield the wanted tweets of an archive, each once: the first of an ID counts, as in the engine."""
    seen: set[str] = set()
    with progress_bar() as bar:
        task = bar.add_task("reading", total=path.stat().st_size if path.is_file() else None, note="")
        for record in read(path, mapping=mapping, progress=lambda done: bar.update(task, completed=done)):
            for tweet in parse(record.value, max_bytes=_MAX_BYTES).tweets:
                if tweet.id in wanted and tweet.id not in seen:
                    seen.add(tweet.id)
                    yield tweet
