"""Who waits for an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.report.phrasing import Phrasing
from pipeline.report.posts import Post, posts
from schemas.situation import QuestionGroup, Questions, Situation
from schemas.times import from_rfc3339

__all__ = ["GroupLine", "age", "group_lines", "question_sentences"]

_MAX_GROUPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """Questions of one matter."""

    about: str
    waiting: str
    detail: str
    posts: tuple[Post, ...]


def age(situation: Situation, since: str | None, phrasing: Phrasing) -> str:
    """Say how long ago something was, as of the situation."""
    if since is None:
        return phrasing.words["unknown"]
    return phrasing.duration(from_rfc3339(situation.time) - from_rfc3339(since))


def question_sentences(situation: Situation, phrasing: Phrasing) -> tuple[str, ...]:
    """Say how many were asked, how many were answered and how fast, and who waits."""
    q = situation.questions
    if not q.asked:
        return (phrasing.words["questions_none"],)
    told = [
        phrasing.say(
            "questions_told",
            asked=phrasing.whole(q.asked),
            answered=phrasing.whole(q.answered),
            share=phrasing.words["unknown"] if q.share_answered is None else phrasing.percent(q.share_answered),
            waiting=phrasing.whole(q.waiting),
        ),
        _median(q, phrasing),
    ]
    if q.waiting:
        waited = age(situation, q.oldest_waiting_at, phrasing)
        key = "questions_waiting" if q.waiting_reach else "questions_waiting_no_reach"
        told.append(phrasing.say(key, reach=phrasing.whole(q.waiting_reach), age=waited))
    else:
        told.append(phrasing.words["questions_all_answered"])
    if q.sampled_share < 1:
        told.append(phrasing.say("questions_sampled", share=phrasing.percent(q.sampled_share)))
    return tuple(told)


def _median(questions: Questions, phrasing: Phrasing) -> str:
    if questions.median_minutes is None:
        return phrasing.words["questions_median_unknown"]
    return phrasing.say("questions_median", length=phrasing.duration(questions.median_minutes * 60_000))


def group_lines(situation: Situation, phrasing: Phrasing, texts: Mapping[str, str] | None) -> tuple[GroupLine, ...]:
    """Return the questions that wait, by what they are about."""
    return tuple(_line(group, situation, phrasing, texts) for group in situation.questions.groups[:_MAX_GROUPS])


def _line(group: QuestionGroup, situation: Situation, phrasing: Phrasing, texts: Mapping[str, str] | None) -> GroupLine:
    return GroupLine(
        about=phrasing.quoted([group.about]) if group.about else phrasing.words["questions_other"],
        waiting=phrasing.plural("questions_group", group.waiting),
        detail=phrasing.say(
            "questions_detail" if group.reach else "questions_detail_no_reach",
            age=age(situation, group.oldest_at, phrasing),
            reach=phrasing.whole(group.reach),
        ),
        posts=posts(group.exemplars[:3], texts),
    )
