"""The load of the bench: lines of the v2 stream that nobody has seen before, the same for the same seed.

What people say is the simulator's; whom it is about and two words of each tweet are drawn anew, so that no text comes
twice and new words keep coming as they do in a stream. Those two are drawn by Zipf's law from ten million: after
200,000 tweets, a third of them are still met for the first time.
Brands are talked about by Zipf's law, too: of ten brands the first in three tweets of ten, of ten thousand in one of
thirteen.

ADR: tweets come in chunks with a stream of chance each, so that any part of a load can be made by itself and by several
processes at once. What is made is kept in a file, since it costs as much as what is measured with it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from hashlib import blake2b
from itertools import chain, islice
from math import exp, log
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pipeline.simulate import default_scenario, demo_watchlist
from pipeline.simulate.chance import Chance
from pipeline.simulate.draft import Draft
from pipeline.simulate.payload import snowflake, v2_line
from pipeline.simulate.people import Person
from pipeline.simulate.talk import Talk
from pipeline.simulate.wording import MAX_CHARS
from schemas.mention import SentimentLabel
from schemas.times import from_rfc3339
from schemas.tweet import TweetKind

__all__ = ["START_MS", "Load"]

START_MS = from_rfc3339("2025-03-03T09:00:00Z")
"""When the load begins: a Monday morning, long enough ago that no tweet is in the future."""

_ROOT = Path(__file__).parents[2]
_POOL, _CHUNK = 8_000, 5_000
_WORDS, _NEW_WORDS = 10_000_000, 2
_MEAN_DELAY_MS, _MAX_DELAY_MS = 900.0, 8_000
_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
_NOBODY = ("it", "this", "that place", "my phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A stream of tweets about some brands; equal loads give equal bytes."""

    brands: int = 10
    aliases: int = 4
    """Names of each brand, its own included."""
    tweets_per_second: float = 6_000.0
    """Of event time. Tweets arrive up to 8 seconds after their time, as in the simulator."""
    matching: float = 0.97
    """Share that speaks of a brand."""
    seed: int = 3

    def watchlist(self) -> str:
        """Return the brands, TOML."""
        return "version = 1\n" + "".join(_brand(number, self.aliases).entry() for number in range(self.brands))

    def lines(self, count: int, *, first: int = 0) -> Iterator[bytes]:
        """Yield payloads, in order of arrival: ``count`` of them, beginning with number ``first``.

        Number ``n`` arrives ``n / tweets_per_second`` seconds after `START_MS`.
        """
        chunk, skipped = divmod(first, _CHUNK)
        chunks = (self.chunk(number) for number in range(chunk, -(-(first + count) // _CHUNK)))
        return islice(chain.from_iterable(chunks), skipped, skipped + count)

    def file(self, count: int) -> Path:
        """Return a file with the first ``count`` payloads, one a line; made when it is not there."""
        path = _ROOT / ".cache" / "bench" / "load" / f"{self._fingerprint()}-{count}.jsonl"
        if path.exists():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        with unfinished.open("wb") as file, _pool_of_processes() as processes:
            for lines in processes.map(partial(_chunk_lines, self, count), range(-(-count // _CHUNK))):
                file.write(lines)
        unfinished.rename(path)
        return path

    def chunk(self, number: int) -> list[bytes]:
        """Return 5,000 payloads: those of all numbers from ``5,000 * number`` on."""
        chance = Chance(self.seed, "load", number)
        return [self._line(at, chance) for at in range(number * _CHUNK, (number + 1) * _CHUNK)]

    def _fingerprint(self) -> str:
        sources = [Path(__file__), *sorted((_ROOT / "pipeline" / "simulate").rglob("*.py"))]
        sources += sorted((_ROOT / "pipeline" / "simulate" / "data").glob("*.toml"))
        digest = blake2b(repr(self).encode(), digest_size=8)
        for source in sources:
            digest.update(source.read_bytes())
        return digest.hexdigest()

    def _line(self, at: int, chance: Chance) -> bytes:
        template = chance.pick(_templates())
        brand = _brand(_zipf(chance, self.brands) - 1, self.aliases) if chance.happens(self.matching) else None
        delay_ms = min(int(chance.exponential(_MEAN_DELAY_MS)), _MAX_DELAY_MS)
        time_ms = START_MS + int(at * 1000 / self.tweets_per_second) - delay_ms
        draft = Draft(
            brand=brand.key if brand else "nobody",
            time_ms=time_ms,
            author=brand.account if brand and template.official else _somebody(chance),
            text=_said(template.parts, brand, chance),
            language=template.language,
            tone=SentimentLabel.NEUTRAL,
            kind=template.kind if brand else TweetKind.POST,
            tweet_id=snowflake(time_ms, at >> 12, at),
        )
        if template.about and draft.kind is not TweetKind.POST:
            draft.about = _original(draft, _said(template.about, brand, chance), chance)
        if draft.kind is TweetKind.REPLY:
            draft.answers = draft.about.author if draft.about else brand.account if brand else None
        return v2_line(draft, chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brand:
    key: str
    names: tuple[str, ...]
    account: Person

    def entry(self) -> str:
        """Return its part of the watchlist."""
        names = ", ".join(f'"{name}"' for name in self.names)
        own = f'["{self.account.handle}"]'
        tag = f'["{self.names[0]}"]'
        return (
            f'[brands.{self.key}]\nname = "{self.names[0]}"\naliases = [{names}]\n'
            f"handles = {own}\nofficial = {own}\nhashtags = {tag}\n"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """A post of the simulator, without whom it is about."""

    parts: tuple[str, ...]
    """Cut where it names the brand: text, name, text, name, ..., text."""
    about: tuple[str, ...]
    """The post that it retweets, quotes or answers, cut likewise; empty when there is none."""
    kind: TweetKind
    language: str
    official: bool


def _pool_of_processes() -> ProcessPoolExecutor:
    # Forking a process that has threads is not safe, and the bench has some.
    return ProcessPoolExecutor(min(4, os.cpu_count() or 1), mp_context=get_context("spawn"))


def _chunk_lines(load: Load, count: int, number: int) -> bytes:
    return b"".join(line + b"\n" for line in load.chunk(number)[: count - number * _CHUNK])


@cache
def _templates() -> list[_Template]:
    scenario = default_scenario(seed=3)
    terms = tomllib.loads(demo_watchlist())["brands"]
    talks = [(Talk(talk, 3, number=n), _naming(terms[talk.key])) for n, talk in enumerate(scenario.brands)]
    found: list[_Template] = []
    minutes = iter(range(scenario.start_ms, scenario.end_ms, 60_000))
    while len(found) < _POOL:
        minute_ms = next(minutes)
        found += [_template(draft, naming) for talk, naming in talks for draft in talk.minute(minute_ms)]
    # A post that names nobody is an answer in a thread: there is nothing in it to match.
    return [each for each in found if len(each.parts) > 1]


def _naming(brand: dict[str, Any]) -> re.Pattern[str]:
    terms = sorted({*brand["aliases"], *brand["handles"], *brand["hashtags"]}, key=len, reverse=True)
    return re.compile(rf"([@#]?\b(?:{'|'.join(terms)})\b)", re.IGNORECASE)


def _template(draft: Draft, naming: re.Pattern[str]) -> _Template:
    return _Template(
        parts=tuple(naming.split(draft.text)),
        about=tuple(naming.split(draft.about.text)) if draft.about else (),
        kind=draft.kind,
        language=draft.language,
        official=draft.author.id.startswith("90") and len(draft.author.id) == 4,
    )


@cache
def _brand(number: int, aliases: int) -> _Brand:
    name = _word(number + 1, ending="x").title()
    names = (name, *(_word(number * aliases + other, ending="q").title() for other in range(1, aliases)))
    return _Brand(key=name.lower(), names=names, account=Person(str(10_000 + number), f"{name}Help", name, 50_000))


def _somebody(chance: Chance) -> Person:
    number = 10_000_000_000 + chance.below(1_000_000_000)
    name = _word(_zipf(chance, _WORDS))
    followers = int(exp(5.1 + 1.5 * chance.normal()))
    return Person(str(number), f"{name}{number % 10_000}"[:15], name.title(), followers)


def _original(draft: Draft, text: str, chance: Chance) -> Draft:
    time_ms = draft.time_ms - int(chance.exponential(600_000.0)) - 1
    return Draft(
        brand=draft.brand,
        time_ms=time_ms,
        author=_somebody(chance),
        text=draft.text if draft.kind is TweetKind.RETWEET else text,
        language=draft.language,
        tone=draft.tone,
        tweet_id=snowflake(time_ms, chance.below(1024), draft.tweet_id),
        retweeted=_zipf(chance, 500) - 1,
    )


def _said(parts: tuple[str, ...], brand: _Brand | None, chance: Chance) -> str:
    text = "".join(_named(part, brand, chance) if at % 2 else part for at, part in enumerate(parts))
    words = text.split(" ")
    for _ in range(_NEW_WORDS):
        # Behind the first word: a reply begins with whom it answers.
        words.insert(1 + chance.below(len(words)), _word(_zipf(chance, _WORDS)))
    return " ".join(words)[:MAX_CHARS]


def _named(written: str, brand: _Brand | None, chance: Chance) -> str:
    """Write a brand as the simulator wrote its own: as an account, a tag or a name, and as loudly."""
    if brand is None:
        return chance.pick(_NOBODY)
    if written[0] == "@":
        return f"@{brand.account.handle}"
    if written[0] == "#":
        return f"#{brand.names[0]}"
    name = brand.names[0] if chance.happens(0.7) else chance.pick(brand.names)
    return name.lower() if written.islower() else name.upper() if written.isupper() else name


def _zipf(chance: Chance, limit: int) -> int:
    """Return a number from 1 to ``limit``, each as often as one over itself."""
    return min(limit, int(exp(chance.unit() * log(limit + 1))))


def _word(number: int, *, ending: str = "") -> str:
    """Return the word of this number; different numbers have different words."""
    word = ""
    number = number * 61 + 4_900  # neighbours do not sound alike, and the shortest has three syllables
    while number:
        number, syllable = divmod(number, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return word + ending
