"""What a simulation is of: brands, how they are talked about, and the events planted among the talk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.times import from_rfc3339

__all__ = ["BrandTalk", "Handling", "Kind", "Planted", "Scenario", "Shape", "default_scenario"]

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS


class Kind(StrEnum):
    """Whether an event is one to be found."""

    CRISIS = "crisis"
    HARMLESS = "harmless"


class Shape(StrEnum):
    """How an event comes."""

    SUDDEN = "sudden"
    """Volume many times the usual within minutes."""
    SLOW = "slow"
    """The negative share creeps up over hours; volume hardly moves."""
    VIRAL = "viral"
    """Volume many times the usual, and in good humour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """How the brand handles a crisis beyond its statements. Announcements that were planned are not posted then."""

    updates_ms: tuple[int, ...] = ()
    """When it posts an update, after the start; one for each text of ``updates`` in its data file."""
    off_tone_ms: tuple[int, ...] = ()
    """When it posts what it should not; one for each text of ``off_tone``."""
    unsaid: tuple[int, ...] = ()
    """Statements that it does not make after all, by number."""
    answers: float = 0.0
    """Share of the questions to its account that it answers in their thread."""
    answers_from_ms: int = 0
    """After the start, from when on it answers."""
    answer_after_ms: int = 0
    """Mean time to an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One event of the truth. Its strength rises over ``ramp_ms``, holds, then decays exponentially."""

    id: str
    """Key of the event and of its texts in the brand's data file."""
    kind: Kind
    """To be found, or to be left alone."""
    shape: Shape
    """How it comes."""
    start_ms: int
    """When it starts, epoch milliseconds."""
    ramp_ms: int
    """From the start to full strength."""
    hold_ms: int
    """At full strength."""
    decay_ms: int
    """Time constant of the decay."""
    volume: float
    """Volume at full strength, in multiples of the ordinary talk of that hour."""
    takeover: float
    """Share of the ordinary talk that turns to the event at full strength, 0 to 1."""
    negative: float
    """Share of a crisis's posts that complain; the others are bystanders. A harmless event has none."""
    retweets: float
    """Share of the event's posts that are retweets."""
    statements_ms: tuple[int, ...]
    """When the brand itself posts about it, after the start; one for each text of its data file."""
    about: tuple[str, ...]
    """Words that people use about it."""
    handling: Handling | None = None
    """How the brand handles it; none leaves it at the statements."""

    @property
    def peak_ms(self) -> int:
        """When it is first at full strength."""
        return self.start_ms + self.ramp_ms

    @property
    def end_ms(self) -> int:
        """When less than a twentieth of its strength is left: three time constants of the decay."""
        return self.peak_ms + self.hold_ms + 3 * self.decay_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandTalk:
    """How one brand is ordinarily talked about."""

    key: str
    """Key of the brand: in the watchlist, and the name of its data file."""
    per_minute: float
    """Mean mentions a minute over a week."""
    negative: float
    """Usual negative share, 0 to 1."""
    positive: float
    """Usual positive share, 0 to 1."""
    utc_offset_hours: int
    """The clock its customers live by."""
    weekend: float
    """Saturday's and Sunday's volume, in multiples of a weekday's."""
    languages: tuple[tuple[str, float], ...]
    """Language and its share; the shares sum to 1."""
    events: tuple[Planted, ...] = ()
    """What is planted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything a simulation follows from. Equal scenarios give equal bytes on every machine."""

    seed: int
    """The seed of all chance."""
    start_ms: int
    """First instant, epoch milliseconds, a whole minute."""
    days: int
    """How long it lasts."""
    brands: tuple[BrandTalk, ...]
    """Who is talked about; keys are distinct."""

    @property
    def end_ms(self) -> int:
        """First instant after it."""
        return self.start_ms + self.days * _DAY_MS


DEMO_START_MS = from_rfc3339("2025-02-06T00:00:00Z")
"""A Thursday, so that five days hold two ordinary ones, a weekend, and a Monday."""


def default_scenario(*, seed: int = 7, start_ms: int = DEMO_START_MS) -> Scenario:
    """Return the demo: five days, four brands, a slow crisis, a sudden one, and a harmless viral spike.

    Parameters
    ----------
    seed : int
        Seed of all chance; the planted events stay where they are.
    start_ms : int
        Midnight UTC of the first day, a Thursday for the weekend to fall on days 3 and 4.
    """
    return Scenario(
        seed=seed,
        start_ms=start_ms,
        days=5,
        brands=(
            _brightcart(start_ms + 3 * _DAY_MS + 19 * _HOUR_MS),
            _corail_air(start_ms + 3 * _DAY_MS + 5 * _HOUR_MS),
            _nimbus_mobile(start_ms + 4 * _DAY_MS + 11 * _HOUR_MS + 20 * _MINUTE_MS),
            BrandTalk(
                key="volta-bank",
                per_minute=0.5,
                negative=0.33,
                positive=0.22,
                utc_offset_hours=0,
                weekend=0.6,
                languages=(("en", 1.0),),
            ),
        ),
    )


def _nimbus_mobile(outage_ms: int) -> BrandTalk:
    """Return the busy brand, with the sudden crisis."""
    return BrandTalk(
        key="nimbus-mobile",
        per_minute=2.6,
        negative=0.38,
        positive=0.18,
        utc_offset_hours=0,
        weekend=0.85,
        languages=(("en", 1.0),),
        events=(
            Planted(
                id="outage",
                kind=Kind.CRISIS,
                shape=Shape.SUDDEN,
                start_ms=outage_ms,
                ramp_ms=5 * _MINUTE_MS,
                hold_ms=35 * _MINUTE_MS,
                decay_ms=45 * _MINUTE_MS,
                volume=14.0,
                takeover=0.7,
                negative=0.93,
                retweets=0.36,
                statements_ms=tuple(m * _MINUTE_MS for m in (24, 70, 118, 160)),
                about=("outage", "signal", "service", "network", "down", "nimbusdown"),
                # Handled well: soon, often, and most who ask are answered.
                handling=Handling(
                    updates_ms=tuple(m * _MINUTE_MS for m in (12, 36, 48, 60, 83, 95, 107, 131, 145, 172, 190, 220)),
                    answers=0.8,
                    answers_from_ms=10 * _MINUTE_MS,
                    answer_after_ms=11 * _MINUTE_MS,
                ),
            ),
        ),
    )


def _corail_air(bags_ms: int) -> BrandTalk:
    """Return the French brand, with the slow crisis."""
    return BrandTalk(
        key="corail-air",
        per_minute=1.3,
        negative=0.34,
        positive=0.24,
        utc_offset_hours=1,
        weekend=1.05,
        languages=(("fr", 0.88), ("en", 0.12)),
        events=(
            Planted(
                id="bagages",
                kind=Kind.CRISIS,
                shape=Shape.SLOW,
                start_ms=bags_ms,
                ramp_ms=8 * _HOUR_MS,
                hold_ms=4 * _HOUR_MS,
                decay_ms=90 * _MINUTE_MS,
                volume=1.4,
                takeover=0.6,
                negative=0.96,
                retweets=0.22,
                statements_ms=tuple(h * _HOUR_MS for h in (7, 10, 14)),
                about=("bagages", "valise", "valises", "perdue", "bagagesperdus"),
                # Handled badly: silence, few answers and late ones, and one post that blames those who complain.
                handling=Handling(
                    off_tone_ms=(11 * _HOUR_MS + 20 * _MINUTE_MS,),
                    unsaid=(1,),
                    answers=0.08,
                    answers_from_ms=2 * _HOUR_MS,
                    answer_after_ms=3 * _HOUR_MS,
                ),
            ),
        ),
    )


def _brightcart(goose_ms: int) -> BrandTalk:
    """Return the shop across the ocean, with the harmless spike."""
    return BrandTalk(
        key="brightcart",
        per_minute=1.4,
        negative=0.3,
        positive=0.27,
        utc_offset_hours=-5,
        weekend=1.1,
        languages=(("en", 1.0),),
        events=(
            Planted(
                id="goose",
                kind=Kind.HARMLESS,
                shape=Shape.VIRAL,
                start_ms=goose_ms,
                ramp_ms=20 * _MINUTE_MS,
                hold_ms=50 * _MINUTE_MS,
                decay_ms=55 * _MINUTE_MS,
                volume=12.0,
                takeover=0.4,
                negative=0.0,
                retweets=0.55,
                statements_ms=tuple(m * _MINUTE_MS for m in (65, 150)),
                about=("goose", "robot", "brightcartgoose"),
            ),
        ),
    )
