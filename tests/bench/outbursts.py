"""Brands that each have one crisis, at a minute that is known beforehand: what the delay is measured with.

A firehose has a few brands that everybody talks of and many that few do. The many are here: each has two days of
ordinary talk behind it (`tests.bench.pasts`), goes on with two mentions a minute, and at its minute a hundred people
complain at once. For nearly all of them that is a crisis when that minute is closed, so there are almost as many events
as brands, spread evenly over the time measured.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files

from pipeline.simulate.chance import Chance
from pipeline.simulate.draft import Draft
from pipeline.simulate.payload import snowflake, v2_line
from pipeline.simulate.people import Person
from pipeline.simulate.wording import Wording, roughen
from schemas.mention import SentimentLabel

__all__ = ["COMPLAINTS", "TALK_A_MINUTE", "Outbursts", "brand_key", "brand_name", "watchlist"]

COMPLAINTS = 100
"""Negative tweets of as many people in a brand's minute."""
TALK_A_MINUTE = 2
"""Ordinary tweets about a brand in every minute."""
_TONES = ("negative", "neutral", "neutral", "positive", "neutral")
"""A fifth is negative, as in the past of these brands."""
_NAME = "\N{OBJECT REPLACEMENT CHARACTER}"
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aiou"
_MINUTE_MS = 60_000


def brand_key(number: int) -> str:
    """Return the key of a brand on the watchlist."""
    return f"outburst-{number:05d}"


def brand_name(number: int) -> str:
    """Return its name: a made-up word of four syllables that nothing else is called.

    >>> brand_name(0), brand_name(1), brand_name(57)
    ('Babababaqu', 'Babababiqu', 'Bababibiqu')
    """
    word = ""
    for _ in range(4):
        number, syllable = divmod(number, len(_CONSONANTS) * len(_VOWELS))
        consonant, vowel = divmod(syllable, len(_VOWELS))
        word = _CONSONANTS[consonant] + _VOWELS[vowel] + word
    return f"{word}qu".capitalize()


def watchlist(brands: int) -> str:
    """Return the brands as tables of a watchlist, TOML, without its first line."""
    return "\n".join(
        f'[brands.{brand_key(number)}]\nname = "{brand_name(number)}"\naliases = ["{brand_name(number)}"]\n'
        for number in range(brands)
    )


class Outbursts:
    """What is said of these brands, minute by minute of event time.

    Parameters
    ----------
    brands : int
        How many there are.
    first, minutes : int
        Brand n bursts in minute ``first + n % minutes``, counted from the start of the load.
    seed : int
        Of all chance.
    """

    def __init__(self, brands: int, *, first: int, minutes: int, seed: int = 3) -> None:
        self.brands = brands
        self._first, self._minutes = first, minutes
        self._chance = Chance(seed, "bench", "outbursts")
        lists = tomllib.loads((files("pipeline.simulate") / "data" / "en.toml").read_text(encoding="utf-8"))
        self._words = Wording({name: tuple(items) for name, items in lists.items()} | {"brand": (_NAME,)})
        self._authors = 0

    def bursting(self, minute: int) -> range:
        """Return the numbers of the brands whose crisis begins in a minute."""
        at = minute - self._first
        return range(at, self.brands, self._minutes) if 0 <= at < self._minutes else range(0)

    def minute(self, minute: int) -> Iterator[tuple[int, str]]:
        """Yield (number of a brand, tone) for each tweet of a minute, in the order in which they are posted."""
        said = [(number, self._chance.pick(_TONES)) for number in range(self.brands) for _ in range(TALK_A_MINUTE)]
        said += [(number, "negative") for number in self.bursting(minute) for _ in range(COMPLAINTS)]
        ranked = sorted((self._chance.unit(), *each) for each in said)
        return ((number, tone) for _, number, tone in ranked)

    def line(self, number: int, tone: str, time_ms: int) -> bytes:
        """Return a tweet of somebody new about a brand, as the filtered stream has it."""
        chance, name = self._chance, brand_name(number)
        self._authors += 1
        text = roughen(self._words.say(tone, chance).replace(_NAME, name), chance)
        author = Person(str(7_000_000_000 + self._authors), f"passer{self._authors}", "Passer-by", 120)
        draft = Draft(
            brand=brand_key(number),
            time_ms=time_ms,
            author=author,
            text=text if name.casefold() in text.casefold() else f"{name}: {text}",
            language="en",
            tone=SentimentLabel(tone),
            tweet_id=snowflake(time_ms, 900, self._authors),
        )
        return v2_line(draft, chance)
