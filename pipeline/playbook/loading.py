"""From the text of a playbook to its rhythms and actions, with errors that say where and what was expected."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from pipeline.playbook.parts import Action, Check, PlaybookError, Rhythm
from pipeline.watchlist import WatchlistError
from pipeline.watchlist.fields import known_fields, listed, shown
from schemas.situation import Practice
from schemas.window import Level

__all__ = ["parse_parts"]

C = TypeVar("C", bound=StrEnum)

VERSION = 1
MOST_ACTIONS = 30
"""Every situation carries all that are asked for: their number bounds its size."""
LONGEST_WHAT, LONGEST_WHO = 400, 120
"""Characters."""
MOST_LANGUAGES = 10

_LEVELS: Mapping[str, Level] = {level.name.lower(): level for level in (Level.ALERT, Level.CRISIS, Level.SEVERE)}
_TOP_FIELDS = ("version", "rhythm", "action")
_RHYTHM_FIELDS = ("update_every", "report_every")
_ACTION_FIELDS = ("id", "practice", "level", "what", "who", "within", "check")
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
_DURATION = re.compile(r"([1-9][0-9]{0,5})(min|h|d)", re.ASCII)
_MINUTES = {"min": 1, "h": 60, "d": 24 * 60}
_LEAST_INTERVAL, _MOST_INTERVAL = 5, 24 * 60
_MOST_WITHIN = 30 * 24 * 60
_SPACE = re.compile(r"[ \t\r\n]+")
_FRENCH_SPACES = str.maketrans("", "", "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")


def parse_parts(text: str, source: str) -> tuple[dict[Level, Rhythm], tuple[Action, ...]]:
    """Read rhythms and actions.

    Raises
    ------
    PlaybookError
        Not TOML, or not a playbook; ``source`` names the file in the message.
    """
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PlaybookError(f"{source}: not valid TOML: {error}") from error
    try:
        return _parts(document, source)
    except WatchlistError as error:  # the checks of fields are the watchlist's
        raise PlaybookError(str(error)) from error


def _parts(document: Mapping[str, Any], source: str) -> tuple[dict[Level, Rhythm], tuple[Action, ...]]:
    known_fields(document, _TOP_FIELDS, source)
    version = document.get("version")
    if isinstance(version, bool) or version != VERSION:
        raise PlaybookError(f"{source}: version: expected {VERSION}, got {shown(version)}")
    rhythms = _rhythms(document.get("rhythm", {}), f"{source}: rhythm")
    tables = listed(document, "action", source)
    if not 1 <= len(tables) <= MOST_ACTIONS:
        raise PlaybookError(f"{source}: action: expected 1 to {MOST_ACTIONS} tables [[action]], got {len(tables)}")
    actions = tuple(_action(table, f"{source}: action[{i}]", rhythms) for i, table in enumerate(tables))
    seen: set[str] = set()
    for i, action in enumerate(actions):
        if action.id in seen:
            raise PlaybookError(f"{source}: action[{i}]: id: {action.id} is another action's already")
        seen.add(action.id)
    return rhythms, actions


def _rhythms(table: Any, where: str) -> dict[Level, Rhythm]:
    """Read how often to speak; what a level does not say is as at the level below."""
    known_fields(_table(table, where), tuple(_LEVELS), where)
    rhythms, below = dict[Level, Rhythm](), Rhythm()
    for name, level in _LEVELS.items():
        said = _table(table.get(name, {}), f"{where}.{name}")
        known_fields(said, _RHYTHM_FIELDS, f"{where}.{name}")
        below = rhythms[level] = Rhythm(
            update_every_minutes=_interval(said, "update_every", below.update_every_minutes, f"{where}.{name}"),
            report_every_minutes=_interval(said, "report_every", below.report_every_minutes, f"{where}.{name}") or 60,
        )
    return rhythms


def _action(table: Any, where: str, rhythms: Mapping[Level, Rhythm]) -> Action:
    key = _table(table, where).get("id")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise PlaybookError(
            f"{where}: id: expected a name of 1 to 64 lower-case letters, digits and hyphens, got {shown(key)}"
        )
    where = f"{where} {key}"
    known_fields(table, _ACTION_FIELDS, where)
    action = Action(
        id=key,
        practice=_choice(Practice, table.get("practice"), f"{where}: practice"),
        level=_level(table.get("level"), f"{where}: level"),
        what=_texts(table.get("what"), LONGEST_WHAT, f"{where}: what"),
        who=_texts(table.get("who"), LONGEST_WHO, f"{where}: who"),
        within_minutes=_minutes(table["within"], 1, _MOST_WITHIN, f"{where}: within") if "within" in table else None,
        check=_choice(Check, table.get("check", Check.BY_HAND), f"{where}: check"),
    )
    _check_fits(action, where, rhythms)
    return action


def _check_fits(action: Action, where: str, rhythms: Mapping[Level, Rhythm]) -> None:
    """Refuse what could never be judged."""
    match action.check:
        case Check.ANSWERED if action.within_minutes is None:
            raise PlaybookError(f'{where}: within: is missing; check = "answered" asks how long a question may wait')
        case Check.UPDATED if rhythms[action.level].update_every_minutes is None:
            name = action.level.name.lower()
            raise PlaybookError(
                f'{where}: check: "updated" asks for an interval, and [rhythm.{name}] has no update_every'
            )
        case Check.UPDATED | Check.TONE if action.within_minutes is not None:
            raise PlaybookError(
                f'{where}: within: expected none beside check = "{action.check}", which holds at all times'
            )
        case _:
            pass


def _interval(table: Mapping[str, Any], field: str, default: int | None, where: str) -> int | None:
    if field not in table:
        return default
    return _minutes(table[field], _LEAST_INTERVAL, _MOST_INTERVAL, f"{where}: {field}")


def _minutes(value: Any, least: int, most: int, where: str) -> int:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    minutes = int(found[1]) * _MINUTES[found[2]] if found else 0
    if not least <= minutes <= most:
        raise PlaybookError(
            f'{where}: expected a time like "{least}min", "2h" or "1d", from {least} minutes to {most // 60} hours, '
            f"got {shown(value)}"
        )
    return minutes


def _texts(value: Any, longest: int, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not 1 <= len(value) <= MOST_LANGUAGES:
        raise PlaybookError(
            f'{where}: expected the text by language, as in {{ en = "…", fr = "…" }}, 1 to {MOST_LANGUAGES} of them, '
            f"got {shown(value)}"
        )
    for language in value:
        if not _LANGUAGE.fullmatch(language):
            raise PlaybookError(f'{where}: expected a language code such as "en", got {shown(language)}')
    return {language: _line(text, longest, f"{where}.{language}") for language, text in value.items()}


def _line(value: Any, longest: int, where: str) -> str:
    text = _SPACE.sub(" ", value).strip(" ") if isinstance(value, str) else ""
    printable = text.translate(_FRENCH_SPACES).isprintable()  # a lone surrogate is not, either
    if not 1 <= len(text) <= longest or not printable:
        raise PlaybookError(f"{where}: expected a text of 1 to {longest} printable characters, got {shown(value)}")
    return text


def _level(value: Any, where: str) -> Level:
    level = _LEVELS.get(value) if isinstance(value, str) else None
    if level is None:
        raise PlaybookError(f"{where}: expected one of {', '.join(_LEVELS)}, got {shown(value)}")
    return level


def _choice(kind: type[C], value: Any, where: str) -> C:
    try:
        return kind(value)
    except ValueError as error:
        names = [each.value for each in kind]
        close = get_close_matches(value, names, n=1) if isinstance(value, str) else []
        hint = f"; did you mean {close[0]}?" if close else ""
        raise PlaybookError(f"{where}: expected one of {', '.join(names)}, got {shown(value)}{hint}") from error


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PlaybookError(f"{where}: expected a table, got {shown(value)}")
    return value
