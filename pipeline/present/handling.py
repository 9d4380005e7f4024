"""How the brand handles it, in words: questions, its own voice, the playbook, and how far the end is."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.present.model import CrisisNow
from pipeline.present.speech import Line, Mood, Speech
from schemas.situation import Duty, DutyStatus, Questions, Situation, Voice
from schemas.times import from_rfc3339

__all__ = ["duties", "overdue_since", "questions", "recovery", "voice"]

_MOST_DONE = 8
_ORDER = (DutyStatus.LATE, DutyStatus.DUE, DutyStatus.BY_HAND, DutyStatus.DONE)


def questions(asked: Questions, told_ms: int, speech: Speech) -> Iterator[Line]:
    """Yield who waits for an answer, and for how long, as of the situation."""
    language = speech.language
    share = (
        "" if asked.share_answered is None else speech.say("asked_share", share=language.share(asked.share_answered))
    )
    said = speech.say(
        "asked_said", asked=language.number(asked.asked), answered=language.number(asked.answered), share=share
    )
    yield Line(speech.say("asked"), said)
    if asked.median_minutes is not None:
        time = speech.duration(round(asked.median_minutes * 60_000))
        yield Line(speech.say("median"), speech.say("median_said", time=time))
    if not asked.waiting or asked.oldest_waiting_at is None:
        yield Line(speech.say("wait"), speech.say("wait_none"), Mood.GOOD)
    else:
        said = speech.say(
            "wait_said" if asked.waiting_reach else "wait_no_reach",
            waiting=language.number(asked.waiting),
            age=speech.duration(told_ms - from_rfc3339(asked.oldest_waiting_at)),
            reach=language.number(asked.waiting_reach),
        )
        yield Line(speech.say("wait"), said, Mood.BAD)
    for group in asked.groups:
        said = speech.say(
            "group_said" if group.reach else "group_no_reach",
            waiting=language.number(group.waiting),
            age=speech.duration(told_ms - from_rfc3339(group.oldest_at)),
            reach=language.number(group.reach),
        )
        yield Line(group.about or speech.say("group_other"), said)
        if group.exemplars:
            yield Line("", speech.say("tweets", ids=", ".join(group.exemplars)), Mood.QUIET)
    if asked.sampled_share < 1.0:
        yield Line("", speech.say("sampled", share=language.share(asked.sampled_share)), Mood.QUIET)


def overdue_since(crisis: CrisisNow) -> str | None:
    """Return when the update that is overdue was due, RFC 3339; none when none is overdue, as far as is known."""
    if crisis.silence is not None:
        return crisis.silence.due_at
    own = None if crisis.situation is None or crisis.situation.final else crisis.situation.voice
    return own.update_due_at if own is not None and own.overdue else None


def voice(situation: Situation, overdue_at: str | None, as_of_ms: int, speech: Speech) -> Iterator[Line]:
    """Yield what the brand has said, whether the next update is overdue, and its tone."""
    own = situation.voice
    said = {"updates": speech.many("updates", own.updates), "answers": speech.many("answers", own.answers)}
    yield Line(speech.say("said"), speech.say("said_said", **said))
    if own.last_update_at is None:
        yield Line(speech.say("last"), speech.say("last_never" if situation.final else "last_none"))
    elif situation.final:
        yield Line(speech.say("last"), speech.say("last_over", moment=speech.moment(own.last_update_at)))
    else:
        age = speech.duration(as_of_ms - from_rfc3339(own.last_update_at))
        yield Line(speech.say("last"), speech.say("last_said", age=age))
    if not situation.final:
        yield from _next(own, overdue_at, as_of_ms, speech)
    if situation.unobserved_minutes:
        minutes = speech.language.number(situation.unobserved_minutes)
        yield Line("", speech.say("unobserved_own", minutes=minutes), Mood.QUIET)
    if own.speaks_to:
        yield Line(speech.say("speaks"), ", ".join(own.speaks_to))
    if own.silent_on:
        yield Line(speech.say("silent"), ", ".join(own.silent_on), Mood.BAD)
    yield from _tone(own, as_of_ms, speech)


def _next(own: Voice, overdue_at: str | None, as_of_ms: int, speech: Speech) -> Iterator[Line]:
    if overdue_at is not None:
        age = speech.duration(as_of_ms - from_rfc3339(overdue_at))
        yield Line(speech.say("next"), speech.say("overdue", age=age), Mood.BAD)
    elif own.update_due_at is not None:
        left_ms = from_rfc3339(own.update_due_at) - as_of_ms
        said = speech.say("due_in", age=speech.duration(left_ms)) if left_ms > 0 else speech.say("due_now")
        yield Line(speech.say("next"), said)


def _tone(own: Voice, as_of_ms: int, speech: Speech) -> Iterator[Line]:
    if not own.off_tone and (own.updates or own.answers):
        yield Line(speech.say("tone_fine"), speech.say("tone_fine_said"), Mood.GOOD)
    for post in own.posts:
        if post.tone:
            issues = ", ".join(speech.say(f"tone_{issue}") for issue in post.tone)
            said = speech.say(
                "off_tone_said", moment=speech.clock(post.time, as_of_ms), issues=issues, id=post.tweet_id
            )
            yield Line(speech.say("off_tone"), said, Mood.BAD)


def duties(situation: Situation, as_of_ms: int, speech: Speech) -> Iterator[Line]:
    """Yield what the playbook asks for: late, due, to be ticked off, done."""
    for status in _ORDER:
        found = [duty for duty in situation.duties if duty.status is status]
        if status is DutyStatus.DONE:
            found = found[:_MOST_DONE]
        for duty in found:
            yield _duty(duty, as_of_ms, speech, over=situation.final)


def _duty(duty: Duty, as_of_ms: int, speech: Speech, *, over: bool) -> Line:
    what = {"what": speech.text(duty.what).rstrip("."), "who": speech.text(duty.who)}
    due_ms = None if duty.due_at is None else from_rfc3339(duty.due_at)
    match duty.status:
        case DutyStatus.LATE:
            return Line(speech.say("late"), _late(due_ms, as_of_ms, what, speech, over=over), Mood.BAD)
        case DutyStatus.DUE:
            return Line(speech.say("due"), _due(due_ms, as_of_ms, what, speech, over=over))
        case DutyStatus.BY_HAND:
            said = (
                speech.say("by_hand_said", **what)
                if duty.due_at is None
                else speech.say("by_hand_by", moment=speech.clock(duty.due_at, as_of_ms), **what)
            )
            return Line(speech.say("by_hand"), said)
        case DutyStatus.DONE:
            return Line(speech.say("done"), _done(duty, as_of_ms, what["what"], speech), Mood.GOOD)


def _late(due_ms: int | None, as_of_ms: int, what: dict[str, str], speech: Speech, *, over: bool) -> str:
    if due_ms is None:
        return speech.say("late_plain", **what)
    if over:  # an age would be one as of an end that is long past for whoever reads it
        return speech.say("late_over", moment=speech.moment(due_ms), **what)
    return speech.say("late_said", age=speech.duration(as_of_ms - due_ms), **what)


def _due(due_ms: int | None, as_of_ms: int, what: dict[str, str], speech: Speech, *, over: bool) -> str:
    if due_ms is None:
        return speech.say("late_plain", **what)
    if over:
        return speech.say("late_over", moment=speech.moment(due_ms), **what)
    if due_ms > as_of_ms:
        return speech.say("due_said", age=speech.duration(due_ms - as_of_ms), **what)
    return speech.say("passed_said", age=speech.duration(as_of_ms - due_ms), **what)


def _done(duty: Duty, as_of_ms: int, what: str, speech: Speech) -> str:
    if duty.done_at is None:
        return what
    late_ms = 0 if duty.due_at is None else from_rfc3339(duty.done_at) - from_rfc3339(duty.due_at)
    moment = speech.clock(duty.done_at, as_of_ms)
    if late_ms > 0:
        return speech.say("done_late", what=what, moment=moment, age=speech.duration(late_ms))
    return speech.say("done_said", what=what, moment=moment)


def recovery(situation: Situation, speech: Speech) -> Iterator[Line]:
    """Yield how far the end is."""
    language, towards = speech.language, situation.recovery
    if situation.final:
        yield Line(speech.say("earliest"), speech.say("recovered"), Mood.GOOD)
        return
    scores = {"score": language.number(towards.score, 1), "below": language.number(towards.calm_below, 1)}
    yield Line(speech.say("score"), speech.say("score_said", **scores))
    calm = {"done": language.number(towards.calm_minutes), "needed": language.number(towards.calm_minutes_needed)}
    yield Line(speech.say("calm_minutes"), speech.say("calm_said", **calm))
    if towards.earliest_end is not None:
        moment = speech.moment(towards.earliest_end)
        yield Line(speech.say("earliest"), speech.say("earliest_said", moment=moment))
