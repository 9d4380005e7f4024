"""``vigie situation``: how things stand with one brand, now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from agents import exits, logs
from agents.cli.console import fail, print_json, read_settings
from agents.cli.paragraphs import paragraph, safe, show
from agents.present import presents_of, raw_texts, records_of, watch_topics, windows_of
from agents.reports import Edition, crisis_records, file_texts, window_records, write_report
from agents.settings import Settings
from agents.topics import BrokerUnreachable, TopicProblem
from pipeline.archive import ArchiveError
from pipeline.archive.texts import tweet_ids
from pipeline.present import (
    SPEECHES,
    BrandPresent,
    CrisisNow,
    Freshness,
    Mood,
    Presents,
    Section,
    last_versions,
    tell,
)
from pipeline.replay import CRISES_FILE, WINDOWS_FILE
from pipeline.watchlist import Watchlist, WatchlistError
from schemas.codec import decode, encode
from schemas.reading import SchemaError
from schemas.situation import CrisisRecord
from schemas.times import from_rfc3339
from schemas.window import WindowClosed

__all__ = ["brand_names", "situation"]

_STYLES = {Mood.PLAIN: "", Mood.GOOD: "green", Mood.BAD: "bold red", Mood.QUIET: "dim"}
_WIDEST_LABEL = 20
_DAY_MS = 24 * 3_600_000
_NEAR = 5
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the command line asks for."""

    settings: Settings
    brand: str
    folder: Path | None
    lang: str
    crisis: str | None
    archive: Path | None
    with_text: bool


@click.command()
@click.argument("brand")
@click.option("--lang", type=click.Choice(sorted(SPEECHES)), default="en", show_default=True, help="Of the words.")
@click.option("--html", type=click.Path(path_type=Path), help="Write the report of it, or of the last crisis, as well.")
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Folder of a replay. [default: the topics]")
@click.option("--watchlist", type=click.Path(path_type=Path), help="Names of brands. [default: VIGIE_WATCHLIST]")
@click.option("--crisis", metavar="ID", help="Another crisis than the present one; 8 characters are enough.")
@click.option("--with-text", is_flag=True, help="Show the texts of the tweets worth reading.")
@click.option("--texts", "archive", type=click.Path(path_type=Path), help="File of tweets. [default: the raw topic]")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def situation(  # noqa: PLR0913 - an option each
    brand: str,
    lang: str,
    html: Path | None,
    folder: Path | None,
    watchlist: Path | None,
    crisis: str | None,
    archive: Path | None,
    *,
    with_text: bool,
    as_json: bool,
) -> None:
    """Say how things stand with a brand: numbers, concerns, questions, own voice, what is due.

    \b
    vigie situation nimbus-mobile                       now, from the topics
    vigie situation nimbus-mobile --from build/run      where a replay ended

    Read is the end of the topics: an hour of windows and the newest 5,000 records of crises a
    partition. --html reads all of the crisis.

    \b
    Exit codes: 0  told
               65  no such brand, or no such crisis
               66  a file cannot be read
               69  no broker
               78  wrong settings or topics
    """  # noqa: D301 - click's mark for lines that stay as they are
    settings = read_settings(watchlist=watchlist)
    asked = _Asked(
        settings=settings,
        brand=brand,
        folder=folder,
        lang=lang,
        crisis=crisis,
        archive=archive,
        with_text=with_text or archive is not None,
    )
    try:
        _situation(asked, html, as_json=as_json)
    except ArchiveError as exc:
        fail(str(exc), exits.NO_INPUT)
    except SchemaError as exc:
        fail(str(exc), exits.BAD_INPUT)
    except BrokerUnreachable as exc:
        fail(f"{exc}; or name the folder of a replay with --from", exc.exit_code)
    except TopicProblem as exc:
        fail(str(exc), exits.CONFIG)
    except OSError as exc:
        fail(f"cannot write {html}: {exc.strerror}", exits.NO_INPUT)


def _situation(asked: _Asked, html: Path | None, *, as_json: bool) -> None:
    if asked.with_text and asked.folder is not None and asked.archive is None:
        fail("--with-text with --from needs --texts FILE: the archive that was replayed", exits.USAGE)
    names = brand_names(asked.settings)
    presents = presents_of(asked.folder) if asked.folder is not None else asyncio.run(_newest(asked.settings))
    present = _present(presents, asked.brand, names)
    chosen = _chosen(present, asked.crisis)
    texts = _texts(asked, chosen) if asked.with_text and chosen is not None else {}
    fresh = Freshness(now_ms=None if asked.folder is not None else int(time.time() * 1000))
    if as_json:
        print_json(_json(present, chosen, fresh))
    else:
        name = names.get(present.brand, present.brand)
        _print(tell(present, chosen, name, SPEECHES[asked.lang], fresh, texts))
    if html is not None:
        _write(asked, html, present, chosen, names)
        if not as_json:
            show(f"\N{RIGHTWARDS ARROW} {html}")


async def _newest(settings: Settings) -> Presents:
    async with aclosing(watch_topics(settings, follow=False)) as news:
        return await anext(news)


def brand_names(settings: Settings) -> dict[str, str]:
    """Return how the watchlist calls the brands; nothing when there is none: keys do as well."""
    try:
        watchlist = Watchlist.load(settings.watchlist)
    except WatchlistError:
        return {}
    return {key: brand.name for key, brand in watchlist.brands.items()}


def _present(presents: Presents, brand: str, names: Mapping[str, str]) -> BrandPresent:
    """Find a brand by its key, or by its name whatever its case."""
    known = {**dict.fromkeys(presents.brands), **dict.fromkeys(names)}
    spoken = {name.casefold(): key for key, name in names.items()}
    key = brand if brand in known else spoken.get(brand.casefold())
    if key is None:
        near = get_close_matches(brand.casefold(), [*known, *spoken], n=_NEAR, cutoff=0.5)
        hint = _there_are(sorted(known)) if not near else f"did you mean: {', '.join(_keys(near, spoken))}"
        fail(safe(f"no brand {brand!r}; {hint}"), exits.BAD_INPUT)
    return presents.brands.get(key) or BrandPresent(brand=key)


def _keys(names: Iterable[str], spoken: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(spoken.get(name, name) for name in names))


def _there_are(keys: Sequence[str]) -> str:
    if not keys:
        return "no brand has been seen yet"
    more = len(keys) - _MOST_NAMED
    return f"there are: {', '.join(keys[:_MOST_NAMED])}" + (f" and {more} more" if more > 0 else "")


def _chosen(present: BrandPresent, crisis: str | None) -> CrisisNow | None:
    if crisis is None:
        return present.current
    found = [known for known in present.crises.values() if known.crisis_id.startswith(crisis)]
    if len(found) != 1:
        newest = sorted(present.crises.values(), key=lambda known: known.opened_at, reverse=True)[:_NEAR]
        what = "several crises" if found else "no crisis"
        ids = ", ".join(f"{known.crisis_id[:8]} ({known.opened_at})" for known in newest)
        hint = f"; the newest are: {ids}" if ids else ""
        fail(safe(f"{what} {crisis!r} of {present.brand}{hint}"), exits.BAD_INPUT)
    return found[0]


def _texts(asked: _Asked, crisis: CrisisNow) -> dict[str, str]:
    """Read the texts of the tweets that the crisis names, and say when some are not there."""
    records: list[CrisisRecord] = [r for r in (crisis.event, crisis.situation) if r is not None]
    wanted = tweet_ids(records)
    if asked.archive is not None:
        texts, missing = file_texts(asked.archive, wanted, mapping=None, max_bytes=asked.settings.max_record_bytes)
    else:
        since_ms = from_rfc3339(crisis.opened_at) - _DAY_MS
        texts, missing = asyncio.run(raw_texts(asked.settings, wanted, since_ms))
    if missing:
        where = asked.archive or asked.settings.topics.raw
        logs.say(f"the texts of {missing} of {len(wanted)} tweets were not found in {where}: their IDs are shown")
    return texts


def _print(sections: list[Section]) -> None:
    for number, section in enumerate(sections):
        if number:
            show("")
        if section.title:
            paragraph(section.title, style=_STYLES[section.mood] or "bold")
        longest = max((len(line.label) for line in section.lines), default=0)
        wide = min(longest, _WIDEST_LABEL)
        for label, text, mood in section.lines:
            shown = safe(" ".join(label.split()))
            rest = "  " + " " * (wide + 2 if wide else 0)
            if len(shown) > wide:
                paragraph(shown, first="  ", rest="  ", style=_STYLES[mood])
                paragraph(text, first=rest, rest=rest, style=_STYLES[mood])
            else:
                paragraph(text, first=f"  {shown:<{wide}}  " if wide else "  ", rest=rest, style=_STYLES[mood])


def _json(present: BrandPresent, crisis: CrisisNow | None, fresh: Freshness) -> dict[str, Any]:
    as_of_ms = present.as_of_ms
    age_ms = fresh.age_ms(as_of_ms) if as_of_ms else None
    return {
        "brand": present.brand,
        "level": int(present.level),
        "as_of_ms": as_of_ms or None,
        "age_s": None if age_ms is None else age_ms // 1000,
        "stale": fresh.stale(as_of_ms),
        "missing_since_ms": present.missing_since_ms,
        "window": _decoded(present.window),
        "crisis": None
        if crisis is None
        else {
            "crisis_id": crisis.crisis_id,
            "open": crisis.is_open,
            "level_since": crisis.level_since,
            "event": _decoded(crisis.event),
            "situation": _decoded(crisis.situation),
            "overdue": _decoded(crisis.silence),
        },
    }


def _decoded(record: WindowClosed | CrisisRecord | None) -> Any:
    return None if record is None else decode(encode(record))


def _write(
    asked: _Asked, path: Path, present: BrandPresent, crisis: CrisisNow | None, names: Mapping[str, str]
) -> None:
    """Write the report of a crisis; of a calm brand, that of the last one, or of the last day."""
    crisis = crisis or present.newest
    since_ms = (from_rfc3339(crisis.opened_at) if crisis is not None else present.as_of_ms) - _DAY_MS
    windows, records = _all(asked, present.brand, since_ms)
    texts = None
    if asked.with_text:
        wanted = tweet_ids(record for record in records if crisis is None or record.crisis_id == crisis.crisis_id)
        if asked.archive is not None:
            texts, _ = file_texts(asked.archive, wanted, mapping=None, max_bytes=asked.settings.max_record_bytes)
        elif asked.folder is None:
            texts, _ = asyncio.run(raw_texts(asked.settings, wanted, since_ms))
    edition = Edition(
        title=names.get(present.brand, present.brand),
        generated_from=f"vigie situation {present.brand}",
        lang=asked.lang,
        names=names,
        texts=texts,
        crisis_id=None if crisis is None else crisis.crisis_id,
    )
    write_report(path, windows, records, edition)


def _all(asked: _Asked, brand: str, since_ms: int) -> tuple[list[WindowClosed], list[CrisisRecord]]:
    if asked.folder is None:
        windows = asyncio.run(windows_of(asked.settings, brand, since_ms))
        return windows, asyncio.run(records_of(asked.settings, brand))
    return (
        [w for w in window_records(asked.folder / WINDOWS_FILE) if w.brand == brand],
        last_versions(record for record in crisis_records(asked.folder / CRISES_FILE) if record.brand == brand),
    )
