"""``vigie explain``: a crisis recomputed from its log, in plain words."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Collection
from pathlib import Path

import click

from agents import exits
from agents.cli.console import fail, print_json, progress_bar, read_settings, read_watchlist
from agents.cli.explanation import as_json, print_explanation
from agents.cli.mapping import parse_mapping
from agents.rawlog import Published, feedback_held, published_file, published_topic, rebuild_file, rebuild_topic
from agents.settings import Settings, SettingsError
from agents.topics import BrokerUnreachable, TopicProblem
from pipeline.archive import ArchiveError, read
from pipeline.explain import LANGUAGES, CrisisNotFound, Rebuild, choose, compare, tell
from pipeline.watchlist import Watchlist
from schemas.crisis import CrisisEvent
from schemas.feedback import Feedback
from schemas.reading import SchemaError

__all__ = ["explain"]


@click.command()
@click.argument("crisis_id")
@click.option("--input", "source", type=click.Path(path_type=Path), help="A file of tweets. [default: the raw topic]")
@click.option("--watchlist", type=click.Path(path_type=Path), help="The brands. [default: VIGIE_WATCHLIST]")
@click.option("--column", multiple=True, metavar="FIELD=COLUMN", help="Column of a CSV, where not obvious.")
@click.option("--crises", type=click.Path(path_type=Path), help="crises.jsonl of an earlier replay, to compare with.")
@click.option("--lang", type=click.Choice(sorted(LANGUAGES)), default="en", show_default=True, help="Of the words.")
@click.option("--json", "json", is_flag=True, help="For programs.")
def explain(
    crisis_id: str,
    source: Path | None,
    watchlist: Path | None,
    column: tuple[str, ...],
    crises: Path | None,
    lang: str,
    *,
    json: bool,
) -> None:
    """Recompute a crisis from its log and say in plain words why it was raised.

    \b
    vigie explain 4ba46ae0                              from the topics, compared with what was published
    vigie explain 4ba46ae0 --input tweets.jsonl --crises build/run/crises.jsonl
                                                        from a file, compared with an earlier replay of it

    The raw topic keeps tweets for less than a day, and a baseline takes longer to learn: the whole of a
    crisis is recomputed from a file that goes back further.

    Of CRISIS_ID the first 8 characters are enough. The watchlist and the settings must be those under
    which the crisis was published.

    \b
    Exit codes: 0  it was recomputed, and every number that can be checked by hand agrees
                1  it differs from what was published, or a number does not agree
               65  there is no such crisis, or the file to compare with is not one of crises
               66  a file cannot be read
               69  no broker
               78  wrong settings, watchlist or topics
    """  # noqa: D301 - click's mark for lines that stay as they are
    settings = read_settings(watchlist=watchlist)
    brands = read_watchlist(settings)
    mapping, language = parse_mapping(column), LANGUAGES[lang]
    published = _published(settings, source, crises)
    try:
        chosen = None if published is None else choose(crisis_id, _events(published))
        wanted = () if published is None or chosen is None else [e.id for e, _ in published[chosen].values()]
        said = () if published is None else feedback_held(published)
        rebuild = _rebuild(settings, brands, source, mapping, wanted, said)
        chosen = choose(crisis_id, rebuild.events) if chosen is None else chosen
    except CrisisNotFound as exc:
        fail(str(exc), exits.BAD_INPUT)
    again = rebuild.events.get(chosen, [])
    if published is None:
        events, comparison = again, None
    else:
        pairs = [pair for _, pair in sorted(published[chosen].items())]
        events, comparison = [event for event, _ in pairs], compare(pairs, rebuild.payloads, again, rebuild.log)
    told = [tell(event, language) for event in events]
    if json:
        print_json(as_json(events, told, rebuild.log, comparison, language))
    else:
        brand = brands.brands.get(events[0].brand)
        name = events[0].brand if brand is None else brand.name
        print_explanation(events, told, name, rebuild.log, comparison, language)
    if (comparison is not None and not comparison.identical) or not all(step.agrees for step in told):
        sys.exit(exits.FAILED)


def _events(published: Published) -> dict[str, list[CrisisEvent]]:
    return {crisis: [event for _, (event, _) in sorted(steps.items())] for crisis, steps in published.items()}


def _published(settings: Settings, source: Path | None, crises: Path | None) -> Published | None:
    """Return what there is to compare with: a file's, the topic's, or nothing."""
    try:
        if crises is not None:
            return published_file(crises)
        return None if source is not None else asyncio.run(published_topic(settings))
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    except SchemaError as exc:
        fail(str(exc), exits.BAD_INPUT)
    except BrokerUnreachable as exc:
        fail(f"{exc}; or give the tweets with --input FILE", exc.exit_code)
    except TopicProblem as exc:
        fail(str(exc), exits.CONFIG)


def _rebuild(
    settings: Settings,
    brands: Watchlist,
    source: Path | None,
    mapping: dict[str, str] | None,
    until: Collection[str],
    said: Collection[Feedback],
) -> Rebuild:
    total = source.stat().st_size if source is not None and source.is_file() else None
    try:
        with progress_bar() as bar:
            task = bar.add_task("recomputing", total=total, note="")

            def note(records: int) -> None:
                bar.update(task, note=f"{records:,} records")

            if source is None:
                return asyncio.run(rebuild_topic(settings, brands, until=until, progress=note, feedback=said))
            archive = read(source, mapping=mapping, progress=lambda done: bar.update(task, completed=done))
            now_ms = int(time.time() * 1000)
            return rebuild_file(settings, brands, archive, read_at_ms=now_ms, until=until, progress=note, feedback=said)
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    except SettingsError as exc:
        fail(str(exc), exits.CONFIG)
    except BrokerUnreachable as exc:
        fail(str(exc), exc.exit_code)
    except TopicProblem as exc:
        fail(str(exc), exits.CONFIG)
