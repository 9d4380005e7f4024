"""What the score is made of, in words: each signal's part with its arithmetic, and how they add up."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from pipeline.explain.speech import Language
from schemas.crisis import Evidence, Signal

__all__ = ["Part", "beside", "parts", "total"]

_BESIDE = ("peak", "question_share", "reach")
_LEAST = 1e-9
_PLUS, _MINUS = "+", "\N{MINUS SIGN}"
_SHOWN = 0.005
"""What rounds to 0.00 is said to add nothing."""


class Part(NamedTuple):
    """A signal that puts something into the score."""

    adds: str
    """What it adds, with its sign."""
    text: str


def parts(evidence: Evidence, language: Language) -> tuple[Part, ...]:
    """Return the signals that put something into the score, in the order of the evidence."""
    return tuple(
        Part(_signed(signal.contribution, language), f"{_name(signal, language)}{language.say('colon')}{text}")
        for signal in evidence.signals
        if abs(signal.contribution) >= _SHOWN and (text := _text(signal, evidence, language))
    )


def total(evidence: Evidence, language: Language) -> str:
    """Say how the parts add up to the score, and how often ordinary times give it."""
    adding = [signal.contribution for signal in evidence.signals if abs(signal.contribution) >= _SHOWN]
    if not adding:
        return language.say("nothing")
    said = [*_joining(evidence, language), _sum(adding, evidence, language)]
    hours = 10.0**evidence.score
    if hours >= 48.0 and not _is_of_volume(evidence):
        said.append(language.say("odds_score", hours=language.odds(evidence.score), length=language.length(hours)))
    return " ".join(said)


def beside(evidence: Evidence, language: Language) -> str:
    """Name the signals that were looked at and put nothing into the score."""
    named = [
        _aside(signal, language)
        for signal in evidence.signals
        if signal.name in ("volume", "negative_share", *_BESIDE) and abs(signal.contribution) < _SHOWN
    ]
    return f"{language.listed(named)}." if named else ""


def _aside(signal: Signal, language: Language) -> str:
    write = language.share if signal.trials is not None else language.amount
    return language.say(
        "unusual_no_part" if signal.surprise >= _SHOWN else "usual_no_part",
        name=_name(signal, language),
        observed=write(signal.observed),
        expected=write(signal.expected),
        surprise=language.bans(signal.surprise),
    )


def _text(signal: Signal, evidence: Evidence, language: Language) -> str:
    match signal.name:
        case "looks":
            return language.say("part_looks_days" if _is_of_volume(evidence) else f"part_looks_{signal.window}")
        case "limit":
            return _limit(evidence, language)
        case "peak":
            return _peak(signal, language)
        case "volume":
            return _volume(signal, language)
        case "negative_share" | "copies" | "authors":
            return _share(signal, evidence, language)
        case _:
            return _aside(signal, language)


def _is_of_volume(evidence: Evidence) -> bool:
    return any(signal.name == "peak" and signal.contribution for signal in evidence.signals)


def _limit(evidence: Evidence, language: Language) -> str:
    if evidence.decision is None or evidence.decision.told:
        return language.say("part_limit_told")
    return language.say("part_limit", threshold=language.amount(evidence.decision.thresholds[1]))


def _peak(signal: Signal, language: Language) -> str:
    return language.say(
        "part_peak",
        observed=language.amount(signal.observed),
        expected=language.amount(signal.expected),
        order=language.number(signal.spread or 0.0),
        days=language.amount(10.0**signal.surprise),
        surprise=language.bans(signal.contribution),
    )


def _volume(signal: Signal, language: Language) -> str:
    return language.say(
        "part_volume",
        observed=language.number(signal.observed),
        window=language.window(signal.window),
        expected=language.amount(signal.expected),
        odds=language.odds(signal.surprise),
        surprise=language.bans(signal.surprise),
    )


def _share(signal: Signal, evidence: Evidence, language: Language) -> str:
    trials, counts = signal.trials or 0.0, evidence.observed
    hits = round(signal.observed * trials, 3)
    of_all = signal.name == "negative_share"
    is_known = signal.name == "authors" and counts.negative_authors is not None
    part = "part_authors_negative" if is_known else f"part_{signal.name}"
    say = partial(language.say_of, "part_share", hits) if of_all else partial(language.say, part)
    return say(
        hits=language.amount(hits),
        trials=language.say_of("mentions", trials) if of_all else language.amount(trials),
        window=language.window(signal.window),
        usual=language.share(signal.expected),
        odds=language.odds(signal.surprise),
        surprise=language.bans(signal.surprise),
        copies=language.say_of("copies", counts.repeats + counts.retweets),
        authors=language.say_of("people", counts.authors),
        angry=language.number(counts.negative_authors or 0),
        all=language.say_of("mentions", counts.volume - counts.repeats - counts.retweets),
    )


def _joining(evidence: Evidence, language: Language) -> list[str]:
    """Say by which arithmetic share and volume make one number."""
    of = {signal.name: signal for signal in evidence.signals}
    share, volume = of["negative_share"], of["volume"]
    if abs(share.contribution) < _LEAST:
        return []
    if abs(volume.contribution) < _LEAST:
        return [language.say("alone")] if volume.surprise >= _SHOWN else []
    # Before discounts, and with what rounding left to the share: as `pipeline.detection.account` has it.
    plain = max(of[name].surprise for name in ("negative_share", "copies", "authors") if name in of)
    counted = min(plain, volume.surprise)
    return [
        language.say(
            "joined",
            volume=language.bans(counted),
            both=language.bans(plain + counted),
            together=language.bans(share.contribution + volume.contribution),
        )
    ]


def _sum(adding: list[float], evidence: Evidence, language: Language) -> str:
    terms = language.bans(adding[0]) + "".join(
        f" {_PLUS if number > 0.0 else _MINUS} {language.bans(abs(number))}" for number in adding[1:]
    )
    total_bans = language.bans(sum(signal.contribution for signal in evidence.signals))
    if evidence.learning >= 1.0:
        if len(adding) == 1:
            return language.say("sum_one", total=total_bans) + "."
        return language.say("sum", sum=terms, total=total_bans) + "."
    return (
        language.say(
            "sum_learning",
            sum=terms,
            total=total_bans,
            learning=language.bans(evidence.learning),
            score=language.bans(evidence.score),
        )
        + "."
    )


def _signed(number: float, language: Language) -> str:
    return f"{'+' if number > 0.0 else ''}{language.bans(number)}"


def _name(signal: Signal, language: Language) -> str:
    key = f"name_{signal.name}"
    return language.say(key) if key in language.words else signal.name.replace("_", " ")
