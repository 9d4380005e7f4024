"""``vigie eval``: how well labelled tweets are read, in numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from agents import exits
from agents.cli.console import fail, print_json, progress_bar, read_settings, read_watchlist
from agents.cli.evaluate_nab import nab
from agents.cli.evaluate_onset import onset
from agents.cli.evaluate_questions import questions
from pipeline.archive import ArchiveError
from pipeline.archive.source import Source
from pipeline.text import StandardAnalyzer, TextAnalysis, TextAnalyzer
from pipeline.text.evaluation import (
    EvaluationError,
    language_row,
    read_rows,
    score_language,
    score_sentiment,
    sentiment_row,
)
from pipeline.text.models import ModelKind, ModelNotUsable, load_model, sentiment_model
from pipeline.text.plugged import ModelMisbehaves
from pipeline.watchlist.evaluation import EvaluationError as MatchingEvaluationError
from pipeline.watchlist.evaluation import evaluate as evaluate_matching
from pipeline.watchlist.evaluation import read_rows as read_matching_rows
from schemas.tweet import Tweet

__all__ = ["evaluate"]

Row = TypeVar("Row")

_BATCH = 2_000
_LONG = 10_000
"""Rows from which on progress is shown."""

_FILE = click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
_MODEL = click.option(
    "--model",
    metavar="NAME",
    help="A model of your own: its name, or the file of a trained one (.npz). [default: Vigie's]",
)


@click.group("eval")
def evaluate() -> None:
    """Measure how well tweets are read, and how well crises are found.

    Reading is measured on labelled tweets (FILE is JSONL, also gzipped; every share and score lies between 0
    and 1), detection on the Numenta benchmark and on tweets with known events. Results go to standard output as
    JSON.
    """


@evaluate.command()
@_FILE
@_MODEL
def sentiment(source: Path, model: str | None) -> None:
    """Score sentiment against labels.

    \b
    A line of FILE:  {"text": "so late again", "label": 0, "lang": "en"}
    label   0 negative, 1 neutral, 2 positive
    lang    optional; scores are given for each language as well
            (reading does not see it)

    \b
    What comes out:
    macro_recall, macro_f1  means over the classes that FILE has
    calibration             of P(negative), and of its mean over windows of 200
                            tweets: by how much that misses their negative share
                            (error: mean absolute difference; bias: mean
                            difference), in random draws of FILE, and in draws
                            with a given negative share, as crises have
    tweets_per_second       of the whole analysis, by CPU time of one process
    """  # noqa: D301 - click's mark for lines that stay as they are
    rows = _rows(source, sentiment_row)
    analyzer = _analyzer(ModelKind.SENTIMENT, model)
    tweets = [Tweet(id=str(number), created_at_ms=0, text=row.text) for number, row in enumerate(rows)]
    analyses, speed = _analyze(analyzer, tweets)
    scores = score_sentiment(rows, [analysis.sentiment for analysis in analyses])
    print_json({"model": analyzer.name, "file": str(source), "tweets_per_second": speed} | scores)


@evaluate.command()
@_FILE
@_MODEL
def language(source: Path, model: str | None) -> None:
    """Score the languages read.

    \b
    A line of FILE:  {"text": "encore en retard", "lang": "fr", "hint": "en"}
    lang    the true language, as a code; und for texts in none or in several
    hint    optional: what a platform says it is

    \b
    What comes out:
    und_share            tweets left undecided
    accuracy_of_decided  right ones among those that were given a language
    tweets_per_second    of the whole analysis, by CPU time of one process
    """  # noqa: D301 - click's mark for lines that stay as they are
    rows = _rows(source, language_row)
    analyzer = _analyzer(ModelKind.LANGUAGE, model)
    tweets = [Tweet(id=str(n), created_at_ms=0, text=row.text, lang=row.hint) for n, row in enumerate(rows)]
    analyses, speed = _analyze(analyzer, tweets)
    scores = score_language(rows, [analysis.lang for analysis in analyses])
    print_json({"model": analyzer.name, "file": str(source), "tweets_per_second": speed} | scores)


@evaluate.command()
@_FILE
@click.option("--watchlist", type=click.Path(path_type=Path), help="The brands. [default: VIGIE_WATCHLIST]")
def matching(source: Path, watchlist: Path | None) -> None:
    """Score which brands a watchlist finds.

    \b
    A line of FILE:  {"text": "delta cancelled us", "brands": ["delta"]}
    brands  keys of all brands it speaks of; [] for none of them
    lang, author, mentions, hashtags    optional, as payloads have them

    \b
    What comes out:
    overall, by_brand  precision, recall and F1 over pairs of tweet and brand
    exact              tweets whose brands were all found, and no other
    disagreements      the first lines where watchlist and labels differ
    tweets_per_second  by CPU time of one process
    """  # noqa: D301 - click's mark for lines that stay as they are
    brands = read_watchlist(read_settings(watchlist=watchlist))
    with _explained(source):
        with Source(source, None).open() as stream:
            rows = read_matching_rows(stream)
        report = evaluate_matching(brands, rows, time.process_time)
    print_json({"file": str(source)} | asdict(report))


def _rows(path: Path, parse: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    with _explained(path), Source(path, None).open() as stream:
        return read_rows(stream, parse)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Exit with what is wrong with a file."""
    try:
        yield
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    except (EvaluationError, MatchingEvaluationError) as exc:
        fail(f"{path}: {exc}", exits.BAD_INPUT)


def _analyzer(kind: ModelKind, name: str | None) -> TextAnalyzer:
    if name is None:
        return StandardAnalyzer()
    try:
        if kind is ModelKind.SENTIMENT:
            return StandardAnalyzer(sentiment=sentiment_model(name))
        return StandardAnalyzer(language=load_model(ModelKind.LANGUAGE, name))
    except ModelNotUsable as exc:
        fail(str(exc), exits.CONFIG)


def _analyze(analyzer: TextAnalyzer, tweets: Sequence[Tweet]) -> tuple[list[TextAnalysis], int]:
    """Return the analyses and how many a second of CPU time; loading models does not count."""
    analyses: list[TextAnalysis] = []
    try:
        analyzer.analyze([Tweet(id="0", created_at_ms=0, text="this is read first, so that models are loaded")])
        started = time.process_time()
        for batch in _batches(tweets):
            analyses += analyzer.analyze(batch)
        took_s = time.process_time() - started
    except ModelMisbehaves as exc:
        fail(f"{exc}\nSee `vigie models check`.", exits.CONFIG)
    return analyses, round(len(tweets) / max(took_s, 1e-6))


def _batches(tweets: Sequence[Tweet]) -> Iterator[Sequence[Tweet]]:
    with progress_bar() as bar:
        task = bar.add_task("reading", total=len(tweets), note="", visible=len(tweets) >= _LONG)
        for start in range(0, len(tweets), _BATCH):
            yield tweets[start : start + _BATCH]
            bar.update(task, completed=start + _BATCH)


for command in (nab, onset, questions):
    evaluate.add_command(command)
