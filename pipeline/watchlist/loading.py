"""From the text of a ``watchlist.toml`` to brands, with errors that say where and what was expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pipeline.watchlist.calendar import parse_calendar
from pipeline.watchlist.fields import MAX_NAME_CHARS, known_fields, listed, named, shown
from pipeline.watchlist.folding import fold, is_word
from pipeline.watchlist.model import Alias, Brand, WatchlistError

__all__ = ["parse_brands"]

T = TypeVar("T")

VERSION = 1

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_HANDLE = re.compile(
    r"@?[A-Za-z0-9_]{1,15}"  # of X
    r"|@?(?=.{1,100}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,62}"  # of Bluesky
    r"|did:[a-z0-9]{1,16}:[A-Za-z0-9._:%-]{1,80}",
    re.ASCII,
)
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
_TOP_FIELDS = ("version", "brands")
_BRAND_FIELDS = ("name", "aliases", "handles", "hashtags", "official", "excludes", "calendar")
_ALIAS_FIELDS = ("text", "requires", "excludes", "not_in", "case_sensitive", "languages")


def parse_brands(text: str, source: str) -> dict[str, Brand]:
    """Read the brands of a watchlist, ordered by key.

    Raises
    ------
    WatchlistError
        Not TOML, or not a watchlist; ``source`` names the file in the message.
    """
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise WatchlistError(f"{source}: not valid TOML: {error}") from error
    known_fields(document, _TOP_FIELDS, source)
    version = document.get("version")
    if isinstance(version, bool) or version != VERSION:
        raise WatchlistError(f"{source}: version: expected {VERSION}, got {shown(version)}")
    tables = document.get("brands")
    if not isinstance(tables, dict) or not tables:
        raise WatchlistError(f"{source}: brands: expected at least one table like [brands.acme], got {shown(tables)}")
    return {key: _brand(key, tables[key], source) for key in sorted(tables)}


def _brand(key: str, table: Any, source: str) -> Brand:
    where = f"{source}: brand {key}"
    if not _KEY.fullmatch(key):
        raise WatchlistError(
            f"{source}: brand {shown(key)}: expected a key of 1 to 64 lower-case letters, digits and hyphens, "
            f"such as {shown(_suggested_key(key))}"
        )
    if not isinstance(table, dict):
        raise WatchlistError(f"{where}: expected a table [brands.{key}], got {shown(table)}")
    known_fields(table, _BRAND_FIELDS, where)
    aliases = listed(table, "aliases", where)
    brand = Brand(
        key=key,
        name=named(table.get("name", key), f"{where}: name"),
        aliases=_distinct(_alias(item, f"{where}: aliases[{i}]") for i, item in enumerate(aliases)),
        handles=_handles(table, "handles", where),
        hashtags=_hashtags(table, where),
        official=_handles(table, "official", where),
        excludes=_names(table, "excludes", where),
        calendar=parse_calendar(table, where),
    )
    if not (brand.aliases or brand.handles or brand.hashtags or brand.official):
        raise WatchlistError(
            f"{where}: nothing to look for: expected at least one of aliases, handles, hashtags, official"
        )
    return brand


def _alias(item: Any, where: str) -> Alias:
    if isinstance(item, str):
        return Alias(text=named(item, where))
    if not isinstance(item, dict):
        raise WatchlistError(f'{where}: expected a string or a table {{ text = "…" }}, got {shown(item)}')
    known_fields(item, _ALIAS_FIELDS, where)
    if "text" not in item:
        raise WatchlistError(f'{where}: text: expected the name to look for, as in {{ text = "Delta" }}')
    case_sensitive = item.get("case_sensitive", False)
    if not isinstance(case_sensitive, bool):
        raise WatchlistError(f"{where}: case_sensitive: expected true or false, got {shown(case_sensitive)}")
    return Alias(
        text=named(item["text"], f"{where}: text"),
        requires=_names(item, "requires", where),
        excludes=_names(item, "excludes", where),
        not_in=_phrases(item, where),
        case_sensitive=case_sensitive,
        languages=_distinct(
            _language(code, f"{where}: languages[{i}]") for i, code in enumerate(listed(item, "languages", where))
        ),
    )


def _names(table: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    return _distinct(named(item, f"{where}: {field}[{i}]") for i, item in enumerate(listed(table, field, where)))


def _phrases(item: Mapping[str, Any], where: str) -> tuple[str, ...]:
    phrases = _names(item, "not_in", where)
    name = fold(item["text"]).strip()
    for i, phrase in enumerate(phrases):
        folded = fold(phrase).strip()
        if name not in folded or name == folded:
            raise WatchlistError(
                f"{where}: not_in[{i}]: expected a longer phrase that holds the name, got {shown(phrase)}"
            )
    return phrases


def _handles(table: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    handles = listed(table, field, where)
    for i, handle in enumerate(handles):
        if not isinstance(handle, str) or not _HANDLE.fullmatch(handle):
            raise WatchlistError(
                f"{where}: {field}[{i}]: expected a handle of 1 to 15 letters, digits or _, "
                f"or of Bluesky a domain name or a DID, got {shown(handle)}"
            )
    return _distinct(handle.removeprefix("@") for handle in handles)


def _hashtags(table: Mapping[str, Any], where: str) -> tuple[str, ...]:
    hashtags = listed(table, "hashtags", where)
    for i, tag in enumerate(hashtags):
        body = fold(tag.removeprefix("#")) if isinstance(tag, str) else ""
        if not 0 < len(body) <= MAX_NAME_CHARS or not all(is_word(c) for c in body):
            raise WatchlistError(
                f"{where}: hashtags[{i}]: expected a hashtag of letters, digits or _, got {shown(tag)}"
            )
    return _distinct(tag.removeprefix("#") for tag in hashtags)


def _language(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise WatchlistError(f'{where}: expected a language code such as "en", got {shown(value)}')
    return value


def _distinct(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


def _suggested_key(key: str) -> str:
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in fold(key)).split()
    return "-".join(words)[:64] or "acme"
