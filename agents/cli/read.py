"""``vigie read``: what Vigie reads in one text, and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from agents.cli.console import print_json, read_settings, read_watchlist
from agents.cli.lines import printable
from pipeline.text import StandardAnalyzer, TextAnalysis
from pipeline.text.sentiment import UNIT, Explained, group_of, load_model
from pipeline.text.tokens import clean, tokenize
from schemas.tweet import Tweet

__all__ = ["read"]


@click.command()
@click.argument("text")
@click.option("--lang", metavar="CODE", help="What the platform says the language is.")
@click.option("--watchlist", type=click.Path(path_type=Path), help="Say which of its brands are found as well.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def read(text: str, lang: str | None, watchlist: Path | None, *, as_json: bool) -> None:
    """Show what is read in TEXT, and which words moved its sentiment.

    With the model that comes with Vigie. A word's number says how much it speaks for negative rather
    than positive: 1 makes the odds 2.7 times as high. (not) marks a word that a negation reaches.
    """
    tweet = Tweet(id="0", created_at_ms=0, text=text, lang=lang)
    (analysis,) = StandardAnalyzer().analyze([tweet])
    terms = load_model().explain(tokenize(clean(text)), group_of(analysis.lang))
    brands = read_watchlist(read_settings(watchlist=watchlist)).spans(tweet) if watchlist else ()
    if as_json:
        print_json(
            {
                **analysis._asdict(),
                "entities": analysis.entities._asdict(),
                "why": [{"text": term.text, "negated": term.negated, "scores": term.scores} for term in terms],
                "brands": [{"brand": span.brand, "start": span.start, "end": span.end} for span in brands],
            }
        )
        return
    for name, value in _lines(analysis, terms):
        click.echo(printable(f"{name:<10} {value}"))
    for span in brands:
        click.echo(printable(f"{'brand':<10} {span.brand}: {text[span.start : span.end]}"))


_MOST_TERMS = 8


def _lines(analysis: TextAnalysis, terms: list[Explained]) -> Iterator[tuple[str, str]]:
    mood, entities = analysis.sentiment, analysis.entities
    yield "language", analysis.lang
    shares = f"negative {mood.negative}, neutral {mood.neutral}, positive {mood.positive} in a thousand"
    yield "sentiment", f"{mood.label}: {shares}"
    strongest = sorted(terms, key=lambda term: -abs(_pull(term)))[:_MOST_TERMS]
    for term in strongest:
        name = f"{term.text.strip() or '(the language)'}{' (not)' if term.negated else ''}"
        yield "", f"{_pull(term):+.2f}  {name}"
    yield "question", "yes" if analysis.question else "no"
    yield "phrases", ", ".join(analysis.phrases) or "none"
    for name, found in entities._asdict().items():
        if found:
            yield name, " ".join(found)


def _pull(term: Explained) -> float:
    """Say how much a term speaks for negative rather than positive, in natural logarithms of odds."""
    return (term.scores[0] - term.scores[2]) / UNIT
