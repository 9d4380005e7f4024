"""What the end of a crisis looks like, and how far it is."""

from __future__ import annotations

from pipeline.report.phrasing import Phrasing
from schemas.situation import Situation
from schemas.times import from_rfc3339

__all__ = ["recovery_sentences"]


def recovery_sentences(situation: Situation, phrasing: Phrasing) -> tuple[str, ...]:
    """Say what ends it, how things stand, and when that can be at the earliest."""
    recovery = situation.recovery
    asked = {
        "below": phrasing.figure(recovery.calm_below),
        "needed": phrasing.whole(recovery.calm_minutes_needed),
    }
    if situation.final:
        if situation.dismissed:
            return (phrasing.words["recovery_dismissed"],)
        return (phrasing.say("recovery_over", **asked),)
    score, calm = phrasing.figure(recovery.score), phrasing.whole(recovery.calm_minutes)
    told = [phrasing.say("recovery_told", score=score, calm=calm, **asked)]
    if recovery.earliest_end is not None:
        told.append(phrasing.say("recovery_earliest", moment=phrasing.at(from_rfc3339(recovery.earliest_end))))
    return tuple(told)
