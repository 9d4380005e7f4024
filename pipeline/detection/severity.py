"""From surprise to a level: what each level asks for, and how long, before it rises or falls."""

from __future__ import annotations

from math import log10
from typing import Any, NamedTuple

from pipeline.detection.assessment import Assessment
from pipeline.settings import DetectionSettings
from schemas.window import Level

__all__ = [
    "AUTHORS",
    "CALM",
    "FALL_MINUTES",
    "HOLD",
    "OVERWHELMING",
    "RISE_MINUTES",
    "Hysteresis",
    "Verdict",
    "attention",
    "judge",
    "loudness",
]

_LEVELS = (Level.WATCH, Level.ALERT, Level.CRISIS, Level.SEVERE)
AUTHORS = (3.0, 5.0, 10.0, 30.0)
"""Distinct authors each level asks for: of negative mentions, except that watch may be for volume alone."""
RISE_MINUTES = (5, 5, 10, 30)
"""Minutes without a break that each level must be earned before it is given."""
FALL_MINUTES = 60
"""Minutes without a break that a level is not even held before it is given up."""
OVERWHELMING = 3.0
"""A surprise this far (a thousand times) beyond what a level asks need not last; severe always must."""
HOLD = 1.0
"""A level is held at ten times the odds at which it is given."""
_MINUTE_MS = 60_000


class Verdict(NamedTuple):
    """What one minute would be by itself, before any persistence."""

    score: float
    """The surprise the level is read from, in bans."""
    earned: Level
    """The level it earns."""
    at_once: Level
    """The level it earns however short it lasts."""
    held: Level
    """The level it is enough to hold."""


CALM = Verdict(0.0, Level.CALM, Level.CALM, Level.CALM)


def judge(assessment: Assessment, learning: float, settings: DetectionSettings) -> Verdict:
    """Read the levels from what the model says of a minute.

    Watch asks for an unusual volume or a first sign of negativity. Alert and above ask for a negative share
    worse than usual (volume alone never makes them) of enough distinct authors, and for a baseline that has
    been learnt; severe also for an unusual volume, reach or share of questions.
    """
    loud = loudness(assessment, settings)
    score = learning * max(assessment.crisis, loud)
    if score < settings.watch_score - HOLD:
        return Verdict(score, Level.CALM, Level.CALM, Level.CALM)
    if learning < 1.0:  # what is not known yet is no surprise: it counts as far as the baseline is learnt
        watch = Level.WATCH if score >= settings.watch_score and _authors(assessment) >= AUTHORS[0] else Level.CALM
        return Verdict(score, watch, Level.CALM, Level.WATCH)
    earned = _level(assessment, loud, settings, 0.0)
    at_once = _level(assessment, loud - OVERWHELMING, settings, -OVERWHELMING)
    held = _level(assessment, attention(assessment, settings), settings, HOLD)  # a crowd is held while it is one
    return Verdict(score, earned, min(at_once, Level.CRISIS), held)


def loudness(assessment: Assessment, settings: DetectionSettings) -> float:
    """Return how far volume alone counts: up to just below alert, and below watch where it has been told of."""
    most = settings.watch_score if assessment.is_told else settings.alert_score
    return min(attention(assessment, settings), most - 0.01)


def attention(assessment: Assessment, settings: DetectionSettings) -> float:
    """Return the surprise of the last quarter of an hour's mentions, at least 0.

    In bans, and so that a crowd that is watch by its mentions has what watch asks for: `watch_score` at `watch_days`,
    and one more for each ten times as many days.
    """
    if assessment.peak_days <= 0.0:
        return 0.0
    return max(0.0, settings.watch_score + log10(assessment.peak_days / settings.watch_days))


def _level(assessment: Assessment, loud: float, settings: DetectionSettings, ease: float) -> Level:
    thresholds = (settings.watch_score, settings.alert_score, settings.crisis_score, settings.severe_score)
    reached = Level.CALM
    if loud >= settings.watch_score and _authors(assessment) >= AUTHORS[0]:
        reached = Level.WATCH
    for view in assessment.views:
        for level, threshold, needed in zip(_LEVELS, thresholds, AUTHORS, strict=True):
            if view.crisis + ease >= threshold and view.negative_authors >= needed:
                reached = max(reached, level)
    if reached is Level.SEVERE and not _is_loud(assessment, settings):
        return Level.CRISIS
    return reached


def _authors(assessment: Assessment) -> float:
    return max(view.authors for view in assessment.views)


def _is_loud(assessment: Assessment, settings: DetectionSettings) -> bool:
    support = assessment.support
    loudest = max(attention(assessment, settings), support.questions_surprise, support.reach_surprise)
    return loudest >= settings.watch_score


class Hysteresis:
    """The level that is published: it rises when earned for minutes, and falls when not held for an hour.

    An observed minute is a step; minutes that were not observed are no steps, so they neither raise nor
    calm anything. After them come minutes whose windows hold little because input is missing: they may raise, and they
    may hold, but do not count towards a fall.
    """

    __slots__ = ("calm_minutes", "earned", "level", "missed")

    def __init__(self, settings: DetectionSettings) -> None:
        self.calm_minutes = max(1, settings.resolve_after_ms // _MINUTE_MS)
        """Minutes without a break in which watch is not even held before all is calm."""
        self.level = Level.CALM
        self.earned = [0, 0, 0, 0]
        """For each level above calm, the minutes in a row in which it was earned."""
        self.missed = [0, 0, 0, 0]
        """For each, the minutes in a row in which it was not even held."""

    def step(self, verdict: Verdict, *, calms: bool = True) -> Level:
        """Take in an observed minute and return the level after it; ``calms`` is whether it counts towards a fall."""
        if verdict.held is Level.CALM and self.level is Level.CALM:
            if verdict.earned is Level.CALM and self.earned[0]:
                self.earned = [0, 0, 0, 0]
            return self.level
        for i, level in enumerate(_LEVELS):
            self.earned[i] = self.earned[i] + 1 if verdict.earned >= level else 0
            self.missed[i] = self.missed[i] + calms if verdict.held < level else 0
        self.level = self._risen(verdict) or self._fallen()
        return self.level

    def _risen(self, verdict: Verdict) -> Level | None:
        for i, level in reversed(tuple(enumerate(_LEVELS))):
            if level <= self.level:
                return None
            if self.earned[i] >= RISE_MINUTES[i] or verdict.at_once >= level:
                return level
        return None

    def _fallen(self) -> Level:
        level = self.level
        while level > Level.WATCH and self.missed[level - 1] >= FALL_MINUTES:
            level = Level(level - 1)
        if level is Level.WATCH and self.missed[0] >= self.calm_minutes:
            return Level.CALM
        return level

    def state(self) -> list[Any]:
        """State as JSON has it."""
        return [int(self.level), self.earned, self.missed]

    def restore(self, state: list[Any]) -> None:
        """Take over what `state` gave; ``TypeError`` or ``ValueError`` when it is something else."""
        level, earned, missed = state
        for minutes in (*earned, *missed):
            if type(minutes) is not int or not 0 <= minutes < 1 << 53:
                raise ValueError("not a number of minutes")
        if len(earned) != len(_LEVELS) or len(missed) != len(_LEVELS):
            raise ValueError("not the minutes of each level")
        self.level, self.earned, self.missed = Level(level), list(earned), list(missed)
