"""Words: templates and word lists from the package's data files, filled and roughened by chance."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pipeline.simulate.chance import Chance

__all__ = ["MAX_CHARS", "Wording", "brand_facts", "brand_wording", "demo_watchlist", "roughen"]

MAX_CHARS = 280
_SLOT = re.compile(r"\{(\w+)\}")
_URL_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def _data(name: str) -> str:
    return (files("pipeline.simulate") / "data" / name).read_text(encoding="utf-8")


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(_data(f"{name}.toml"))


def demo_watchlist() -> str:
    """Return the watchlist of the demo's brands, TOML."""
    return _data("watchlist.toml")


def brand_facts(brand: str) -> tuple[str, str, int]:
    """Return handle, name and number of followers of a brand's own account."""
    table = _table(brand)
    return table["handle"], table["name"], table["followers"]


class Wording:
    """Lists of templates by name; ``{name}`` in a template is filled from the list of that name."""

    def __init__(self, banks: Mapping[str, tuple[str, ...]]) -> None:
        self._banks = {name: tuple(map(_split, items)) for name, items in banks.items()}

    def has(self, name: str) -> bool:
        """Say whether there is anything to pick from under this name."""
        return bool(self._banks.get(name))

    def unknown_slots(self) -> list[str]:
        """Return the slots that no list fills, sorted: a mistake in the data files."""
        slots = {
            slot
            for items in self._banks.values()
            for parts in items
            for slot in parts[1::2]
            if slot != "url" and not self.has(slot)
        }
        return sorted(slots)

    def say(self, name: str, chance: Chance) -> str:
        """Fill one template of the list ``name``; "" when the list is empty or missing."""
        bank = self._banks.get(name)
        return self._compose(chance.pick(bank), chance) if bank else ""

    def say_item(self, name: str, number: int, chance: Chance) -> str:
        """Fill the template of the list ``name`` with this number, from 0."""
        return self._compose(self._banks[name][number], chance)

    def _compose(self, parts: tuple[str, ...], chance: Chance) -> str:
        if len(parts) == 1:
            return parts[0]
        return "".join(self._fill(part, chance) if i % 2 else part for i, part in enumerate(parts))

    def _fill(self, slot: str, chance: Chance) -> str:
        if slot == "url":
            return "https://t.co/" + "".join(chance.pick(_URL_LETTERS) for _ in range(10))
        return self.say(slot, chance)


def _split(template: str) -> tuple[str, ...]:
    """Split into text, slot, text, slot, …, text."""
    return tuple(_SLOT.split(template))


@cache
def brand_wording(brand: str, language: str, event: str = "") -> Wording:
    """Return a brand's words in one language, or those of one of its events in that language.

    A brand's own templates are picked as often as all those that any brand shares.
    """
    shared, own = _table(language), _table(brand)[language]
    banks: dict[str, tuple[str, ...]] = {name: tuple(items) for name, items in shared.items()}
    for name, items in own.items():
        if isinstance(items, dict):
            continue
        common = banks.get(name, ())
        own_items = tuple(items)
        # Lists of whole posts are joined, half and half; lists of words are the brand's own instead.
        repeated = max(1, len(common) // max(1, len(own_items))) if _is_posts(name) else 1
        banks[name] = own_items * repeated + (common if _is_posts(name) else ())
    if event:
        banks |= {name: tuple(items) for name, items in own[event].items()}
    return Wording(banks)


def _is_posts(name: str) -> bool:
    return name.removeprefix("direct_") in {"negative", "neutral", "positive", "question"}


def roughen(text: str, chance: Chance) -> str:
    """Write as people write on a phone: lower case, lost full stops, typing mistakes, shouting."""
    way = chance.unit()
    if way < 0.22:
        text = text.lower() if "http" not in text else text
    elif way < 0.25 and "http" not in text and "@" not in text:
        text = text.upper()
    if chance.happens(0.3):
        text = text.rstrip(".")
    elif chance.happens(0.1):
        text = text.rstrip(".!") + "!" * (1 + chance.below(3))
    if chance.happens(0.07):
        text = _mistype(text, chance)
    return text[:MAX_CHARS]


def _mistype(text: str, chance: Chance) -> str:
    """Swap, drop or double one letter inside a plain word."""
    words = text.split(" ")
    at = chance.below(len(words))
    word = words[at]
    if len(word) < 5 or not word.isalpha():
        return text
    i = 1 + chance.below(len(word) - 2)
    mistakes = (
        word[:i] + word[i + 1] + word[i] + word[i + 2 :],
        word[:i] + word[i + 1 :],
        word[:i] + word[i] + word[i:],
    )
    words[at] = chance.pick(mistakes)
    return " ".join(words)
