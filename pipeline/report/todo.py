"""What to do now, in plain words: what is late before what is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.duties import in_language
from pipeline.report.episodes import Episode
from pipeline.report.phrasing import Phrasing, plain
from pipeline.report.questions import age
from schemas.situation import Duty, DutyStatus, Practice, Situation
from schemas.times import from_rfc3339

__all__ = ["TodoList", "todo_lists"]

_MAX_CRISES = 5
_MAX_ITEMS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class TodoList:
    """What an open crisis asks for."""

    number: int
    brand: str
    level: int
    as_of: str
    items: tuple[tuple[bool, str], ...]
    """Whether it is late, and what to do."""
    more: int


def todo_lists(crises: Sequence[tuple[int, Episode, str]], phrasing: Phrasing, lang: str) -> tuple[TodoList, ...]:
    """Return what the worst of the open crises ask for.

    Parameters
    ----------
    crises : sequence of (number, Episode, str)
        Number in the report, crisis, name of its brand.
    phrasing : Phrasing
        The language of its words.
    lang : str
        Code of that language, for what the playbook says.
    """
    still_open = [crisis for crisis in crises if crisis[1].is_open]
    worst = sorted(still_open, key=lambda crisis: (-crisis[1].events[-1].level, crisis[0]))[:_MAX_CRISES]
    return tuple(_list(number, episode, brand, phrasing, lang) for number, episode, brand in worst)


def _list(number: int, episode: Episode, brand: str, phrasing: Phrasing, lang: str) -> TodoList:
    latest = episode.course.latest
    if latest is None:
        where = phrasing.say("crisis_number", number=number)
        items = [(True, phrasing.say("todo_look", crisis=where))]
    else:
        items = _items(latest, phrasing, lang) or [(False, phrasing.words["todo_nothing"])]
    return TodoList(
        number=number,
        brand=plain(brand),
        level=int(episode.events[-1].level),
        as_of=phrasing.say(
            "as_of", moment=phrasing.at(episode.last_ms if latest is None else from_rfc3339(latest.time))
        ),
        items=tuple(items[:_MAX_ITEMS]),
        more=max(0, len(items) - _MAX_ITEMS),
    )


def _items(situation: Situation, phrasing: Phrasing, lang: str) -> list[tuple[bool, str]]:
    late = [_duty(d, phrasing, lang) for d in situation.duties if d.status is DutyStatus.LATE]
    due = [_duty(d, phrasing, lang) for d in situation.duties if d.status is DutyStatus.DUE]
    return [
        *_snoozed(situation, phrasing),
        *_update(situation, phrasing),
        *late,
        *_questions(situation, phrasing),
        *due,
    ]


def _snoozed(situation: Situation, phrasing: Phrasing) -> list[tuple[bool, str]]:
    if situation.snoozed_until is None:
        return []
    return [(False, phrasing.say("todo_snoozed", moment=phrasing.time(situation.snoozed_until)))]


def _update(situation: Situation, phrasing: Phrasing) -> list[tuple[bool, str]]:
    due_at = situation.voice.update_due_at
    asked = {duty.due_at for duty in situation.duties if duty.practice is Practice.COMMUNICATE_REGULARLY}
    if due_at is None or due_at in asked:  # then the playbook says it, and who does it
        return []
    moment = phrasing.time(due_at)
    if situation.voice.overdue:
        return [(True, phrasing.say("todo_overdue", moment=moment, late=age(situation, due_at, phrasing)))]
    return [(False, phrasing.say("todo_update", moment=moment))]


def _questions(situation: Situation, phrasing: Phrasing) -> list[tuple[bool, str]]:
    waiting = situation.questions.waiting
    if not waiting:
        return []
    waited = age(situation, situation.questions.oldest_waiting_at, phrasing)
    return [(False, phrasing.say_of("todo_questions", waiting, age=waited))]


def _duty(duty: Duty, phrasing: Phrasing, lang: str) -> tuple[bool, str]:
    what = in_language(duty.what, lang).rstrip(".")
    who = in_language(duty.who, lang) or phrasing.words["unknown"]
    late = duty.status is DutyStatus.LATE
    if duty.due_at is None:
        return late, phrasing.say("todo_late_no_time" if late else "todo_due_no_time", what=what, who=who)
    return late, phrasing.say(
        "todo_late" if late else "todo_due", what=what, who=who, moment=phrasing.time(duty.due_at)
    )
