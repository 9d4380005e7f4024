"""The present of one brand in plain words, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pipeline.present.freshness import Freshness
from pipeline.present.handling import duties, overdue_since, questions, recovery, voice
from pipeline.present.model import BrandPresent, CrisisNow
from pipeline.present.numbers import numbers, whole
from pipeline.present.speech import Line, Mood, Speech
from pipeline.present.topics import concerns, hashtags, worth_reading
from schemas.crisis import Concern
from schemas.situation import DutyStatus, Situation
from schemas.times import from_rfc3339
from schemas.window import Level

__all__ = ["Section", "tell"]

_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


class Section(NamedTuple):
    """A heading, and what stands under it."""

    title: str
    lines: list[Line]
    mood: Mood = Mood.PLAIN


def tell(
    present: BrandPresent,
    crisis: CrisisNow | None,
    name: str,
    speech: Speech,
    fresh: Freshness,
    texts: Mapping[str, str] = _NO_TEXTS,
) -> list[Section]:
    """Tell how things stand with a brand, the most important first.

    Parameters
    ----------
    present : BrandPresent
        What is known of it.
    crisis : CrisisNow or None
        The crisis to tell of, such as ``present.current``; none tells of calm.
    name : str
        How the brand is called.
    speech : Speech
        In which language.
    fresh : Freshness
        When somebody looks.
    texts : mapping of str to str, optional
        Texts of tweets by ID.

    Returns
    -------
    list of Section
        The first is the heading. Words of strangers are in it as they are: make them safe before a terminal sees them.
    """
    sections = [_heading(present, crisis, name, speech, fresh)]
    if present.window is not None and (crisis is None or crisis.is_open):
        sections.append(Section(speech.say("numbers"), list(numbers(present, present.window, crisis, speech))))
    if crisis is None:
        return sections
    situation = crisis.situation
    # What is over is told as of its end.
    as_of_ms = present.as_of_ms if crisis.is_open else crisis.time_ms
    if situation is not None and not crisis.is_open:
        sections.append(Section(speech.say("numbers_whole"), [whole(situation, speech)]))
    changes = situation if crisis.is_open else None
    sections.append(Section(speech.say("concerns"), list(concerns(_concerns(crisis), changes, speech, texts))))
    if situation is None:
        below = crisis.event is not None and crisis.event.peak_level < Level.ALERT
        note = speech.say("no_report" if below else "report_missing")
        sections.append(Section("", [Line("", note, Mood.QUIET)]))
        return sections
    return [*sections, *_reported(situation, crisis, speech, as_of_ms, texts)]


def _concerns(crisis: CrisisNow) -> tuple[Concern, ...]:
    """Return what people talk about now; of a crisis that is over, what they talked about at its height."""
    situation, event = crisis.situation, crisis.event if crisis.is_open else crisis.height
    found = situation.concerns if situation is not None else ()
    if event is not None and (situation is None or not crisis.is_open or event.time > situation.time):
        return event.evidence.concerns or found
    return found


def _reported(
    situation: Situation, crisis: CrisisNow, speech: Speech, as_of_ms: int, texts: Mapping[str, str]
) -> Iterator[Section]:
    """Tell what only a situation report knows, and as of when it knew it."""
    told_ms = from_rfc3339(situation.time)

    def titled(key: str) -> str:
        title = speech.say(key)
        return title if told_ms == as_of_ms else speech.say("at", title=title, moment=speech.moment(told_ms))

    if situation.hashtags:
        yield Section(titled("hashtags"), list(hashtags(situation.hashtags, speech)))
    yield Section(titled("waiting"), list(questions(situation.questions, told_ms, speech)))
    yield Section(titled("voice"), list(voice(situation, overdue_since(crisis), as_of_ms, speech)))
    if situation.duties:
        yield Section(titled("playbook"), list(duties(situation, as_of_ms, speech)))
    yield Section(titled("recovery"), list(recovery(situation, speech)))
    if situation.exemplars:
        yield Section(titled("read"), list(worth_reading(situation.exemplars, speech, texts)))


def _heading(present: BrandPresent, crisis: CrisisNow | None, name: str, speech: Speech, fresh: Freshness) -> Section:
    level = present.level if crisis is None or crisis.is_open else Level.CALM
    mood = Mood.BAD if level >= Level.ALERT else Mood.GOOD if level is Level.CALM else Mood.PLAIN
    head, as_of_ms = _head(present, crisis, level), present.as_of_ms
    if not as_of_ms:
        return Section(name, [Line("", speech.say("nothing"))])
    return Section(
        speech.say(head, brand=name, level=speech.level(level)),
        [*_dated(as_of_ms, speech, fresh), *_blind(present, crisis, speech), *_course(present, crisis, speech)],
        mood if head == "head" else Mood.BAD,
    )


def _dated(as_of_ms: int, speech: Speech, fresh: Freshness) -> Iterator[Line]:
    age_ms, moment = fresh.age_ms(as_of_ms), speech.moment(as_of_ms)
    if age_ms is None:
        yield Line("", speech.say("as_of", moment=moment), Mood.QUIET)
        return
    yield Line("", speech.say("as_of_age", moment=moment, age=speech.duration(age_ms)), Mood.QUIET)
    if fresh.stale(as_of_ms):
        yield Line("", speech.say("stale", age=speech.duration(age_ms)), Mood.BAD)


def _head(present: BrandPresent, crisis: CrisisNow | None, level: Level) -> str:
    """Choose the heading: of a calm brand of which nothing comes in it is not said that it is calm."""
    if present.missing_since_ms is None or (crisis is not None and not crisis.is_open):
        return "head"
    return "head_blind" if level is Level.CALM else "head_level_blind"


def _blind(present: BrandPresent, crisis: CrisisNow | None, speech: Speech) -> Iterator[Line]:
    """Say that nothing comes in, unless it is told of what is over."""
    since_ms = present.missing_since_ms
    if since_ms is None or (crisis is not None and not crisis.is_open):
        return
    length = speech.duration(present.as_of_ms - since_ms)
    yield Line("", speech.say("no_input", moment=speech.moment(since_ms), length=length), Mood.BAD)


def _course(present: BrandPresent, crisis: CrisisNow | None, speech: Speech) -> Iterator[Line]:
    if crisis is None:
        yield Line("", speech.say("calm" if present.missing_since_ms is None else "calm_before"))
        last = present.newest
        if last is not None and last.event is not None:
            peak, closed = speech.level(last.event.peak_level), speech.moment(last.time_ms)
            yield Line("", speech.say("last_crisis", id=last.crisis_id[:8], peak=peak, closed=closed))
        return
    known = crisis.event or crisis.situation
    if known is None:
        return
    peak = speech.level(max(known.peak_level, known.level))
    values = {"id": crisis.crisis_id[:8], "peak": peak}
    if not crisis.is_open:
        age = speech.duration(crisis.time_ms - from_rfc3339(known.opened_at))
        opened, closed = speech.moment(known.opened_at), speech.moment(crisis.time_ms)
        yield Line("", speech.say("over", opened=opened, closed=closed, age=age, **values))
    else:
        key, since = ("since", crisis.level_since) if crisis.level_since else ("since_unknown", known.opened_at)
        age = speech.duration(present.as_of_ms - from_rfc3339(since or known.opened_at))
        yield Line("", speech.say(key, moment=speech.moment(since or known.opened_at), age=age, **values))
        yield from _urgent(present, crisis, speech)
    if crisis.situation is not None:
        yield from _said(crisis.situation, speech)


def _urgent(present: BrandPresent, crisis: CrisisNow, speech: Speech) -> Iterator[Line]:
    """Say at the top what is late."""
    things, situation = [], crisis.situation
    due_at = overdue_since(crisis)
    if due_at is not None:
        age = speech.duration(present.as_of_ms - from_rfc3339(due_at))
        things.append(speech.say("urgent_update", age=age))
    late = 0 if situation is None else sum(duty.status is DutyStatus.LATE for duty in situation.duties)
    if late:
        things.append(speech.many("urgent_duties", late))
    if things:
        yield Line("", speech.say("urgent", things=", ".join(things)), Mood.BAD)


def _said(situation: Situation, speech: Speech) -> Iterator[Line]:
    if situation.confirmed:
        yield Line("", speech.say("confirmed"))
    if situation.dismissed:
        yield Line("", speech.say("dismissed"))
    if situation.snoozed_until is not None:
        yield Line("", speech.say("snoozed", moment=speech.moment(situation.snoozed_until)))
