"""How the level follows from the score, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.explain.speech import Language
from schemas.crisis import CrisisEvent, CrisisEventType, Decision, Evidence, WindowScore
from schemas.feedback import DismissReason, FeedbackHeld, FeedbackVerdict
from schemas.window import Level

__all__ = ["level_sentences"]

_LEVELS = (Level.WATCH, Level.ALERT, Level.CRISIS, Level.SEVERE)


def level_sentences(event: CrisisEvent, language: Language) -> Iterator[str]:
    """Yield what the minute earns, and how long it lasted or must last, until the level of the event is explained."""
    for sentence in _sentences(event, language):
        yield sentence[:1].upper() + sentence[1:]


def _sentences(event: CrisisEvent, language: Language) -> Iterator[str]:
    evidence, decision = event.evidence, event.evidence.decision
    if decision is None:
        return
    yield from _earned(evidence, decision, language)
    if evidence.to_learn is not None:
        yield language.say(
            "learning",
            learning=language.share(evidence.learning),
            minutes=language.number(evidence.to_learn.minutes),
            mentions=language.number(evidence.to_learn.mentions),
            hours=language.number(evidence.to_learn.hours),
        )
    if event.feedback is not None:
        yield _said(event, event.feedback, language)
    if event.feedback is not None and event.feedback.verdict is FeedbackVerdict.DISMISS:
        return  # the minute has no part in it
    if decision.carried:
        yield language.say("carried")
    elif event.level > event.previous_level:
        yield _rose(event.level, decision, language)
    elif event.level < event.previous_level:
        yield _fell(event, decision, language)
    else:
        yield from _stays(event, decision, language)


def _said(event: CrisisEvent, held: FeedbackHeld, language: Language) -> str:
    """Say what people made of the crisis, and what came of that."""
    by = language.say("quoted", text=held.by) if held.by else language.say("by_somebody")
    match held.verdict:
        case FeedbackVerdict.CONFIRM:
            return language.say("confirmed", by=by)
        case FeedbackVerdict.SNOOZE:
            return language.say("snoozed", by=by, until=language.moment(held.until or event.time))
        case FeedbackVerdict.DISMISS:
            reason = language.say(f"because_{held.reason or DismissReason.TOO_SMALL}")
            return language.say("dismissed", by=by, reason=reason, peak=language.level(event.peak_level))


def _earned(evidence: Evidence, decision: Decision, language: Language) -> Iterator[str]:
    earned, score = decision.earned, evidence.score
    reached = sum(score >= threshold for threshold in decision.thresholds)
    if reached == 0:
        threshold = language.amount(decision.thresholds[0])
        yield language.say("below_watch", score=language.bans(score), threshold=threshold)
        return
    own = next((window for window in decision.windows if window.window == evidence.window), None)
    authors = own.negative_authors if own is not None and own.score >= score else _authors(evidence, decision)
    if reached > earned and evidence.learning >= 1.0:
        yield from _withheld(Level(reached), authors, evidence, decision, language)
    other = _other_window(evidence, decision)
    if other is not None:
        yield language.say(
            "other_window",
            level=language.level(earned),
            score=language.bans(other.score),
            window=language.window(other.window),
            authors=language.amount(other.negative_authors),
        )
    elif earned > Level.CALM:
        yield language.say(
            "passes",
            score=language.bans(score),
            level=language.level(earned),
            threshold=language.amount(decision.thresholds[earned - 1]),
            needed=language.amount(decision.authors_needed[earned - 1]),
            authors=language.amount(authors),
        )


def _authors(evidence: Evidence, decision: Decision) -> float:
    """Return the authors of the window that is told of, if they are enough for watch."""
    authors = evidence.observed.authors
    return authors if authors >= decision.authors_needed[0] else decision.authors


def _withheld(
    level: Level, authors: float, evidence: Evidence, decision: Decision, language: Language
) -> Iterator[str]:
    """Say why the score alone does not make the level it would pass."""
    threshold = language.amount(decision.thresholds[level - 1])
    if authors >= decision.authors_needed[level - 1]:
        yield language.say("not_loud", threshold=threshold)
        return
    yield language.say(
        "few_authors",
        score=language.bans(evidence.score),
        level=language.level(level),
        threshold=threshold,
        needed=language.amount(decision.authors_needed[level - 1]),
        authors=language.amount(authors),
    )


def _other_window(evidence: Evidence, decision: Decision) -> WindowScore | None:
    """Return the window that earns the level where the strongest one, for want of authors, does not."""
    earned = decision.earned
    if earned is Level.CALM or evidence.learning < 1.0:
        return None
    threshold, needed = decision.thresholds[earned - 1], decision.authors_needed[earned - 1]
    earning = [w for w in decision.windows if w.score >= threshold and w.negative_authors >= needed]
    if not earning or any(w.window == evidence.window for w in earning):
        return None
    return max(earning, key=lambda window: window.score)


def _rose(level: Level, decision: Decision, language: Language) -> str:
    if decision.earned_minutes[level - 1] >= decision.rise_minutes[level - 1]:
        needed = language.number(decision.rise_minutes[level - 1])
        return language.say("rose_lasted", level=language.level(level), needed=needed)
    above = language.amount(decision.at_once_above)
    return language.say("rose_at_once", above=above, level=language.level(level))


def _fell(event: CrisisEvent, decision: Decision, language: Language) -> str:
    given_up = event.previous_level if event.type is not CrisisEventType.RESOLVED else Level.WATCH
    return language.say(
        "fell",
        level=language.level(given_up),
        threshold=_held_down_to(given_up, decision, language),
        needed=language.number(decision.fall_minutes[given_up - 1]),
    )


def _stays(event: CrisisEvent, decision: Decision, language: Language) -> Iterator[str]:
    level = event.level
    threshold = _held_down_to(level, decision, language)
    yield language.say("holds", level=language.level(level), threshold=threshold)
    missed = decision.missed_minutes[level - 1]
    if missed:
        yield language.say(
            "waning",
            level=language.level(level),
            minutes=language.number(missed),
            needed=language.number(decision.fall_minutes[level - 1]),
        )
    for higher in _LEVELS[level:]:
        minutes = decision.earned_minutes[higher - 1]
        if minutes:
            yield language.say(
                "rising",
                level=language.level(higher),
                minutes=language.number(minutes),
                needed=language.number(decision.rise_minutes[higher - 1]),
            )


def _held_down_to(level: Level, decision: Decision, language: Language) -> str:
    return language.bans(decision.thresholds[level - 1] - decision.held_below)
