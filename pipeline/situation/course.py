"""The course of the open crisis as far as situations have to know: when it reached what, and what was told last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pipeline.detection.standing import Standing
from pipeline.situation.stored import count, moment, short_text, times, total, whole
from schemas.window import Level, WindowCounts

__all__ = ["Course", "Told"]

_LABELS = 10
_FIGURES = 8
_LEVELS = len(Level)
_MOST = 1e18


class Told:
    """The situation told last, as far as the next one is compared with it."""

    __slots__ = ("figures", "labels", "level", "sequence", "time_ms")

    def __init__(self) -> None:
        self.sequence = 0
        """Of the next one."""
        self.time_ms = 0
        """0 while none has been told."""
        self.level = Level.CALM
        self.figures: dict[str, float] = {}
        self.labels: tuple[str, ...] = ()
        """Of the concerns."""

    def tell(self, time_ms: int, level: Level, figures: dict[str, float], labels: Sequence[str]) -> None:
        """Remember what is told."""
        self.sequence += 1
        self.time_ms, self.level, self.figures, self.labels = time_ms, level, figures, tuple(labels[:_LABELS])

    def state(self) -> list[Any]:
        """Return it as JSON has it."""
        return [self.sequence, self.time_ms, int(self.level), self.figures, self.labels]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """Return what gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        sequence, time_ms, level, figures, labels = state
        if len(figures) > _FIGURES or len(labels) > _LABELS:
            raise ValueError("more than is told")
        told = cls()
        told.sequence, told.time_ms, told.level = count(sequence), moment(time_ms), Level(level)
        told.figures = {short_text(name): _number(figure) for name, figure in figures.items()}
        told.labels = tuple(map(short_text, labels))
        return told


class Course:
    """What has happened since the opening. Times are epoch milliseconds, 0 for never."""

    __slots__ = (
        "acknowledged_ms",
        "confirmed",
        "level",
        "mentions",
        "negative",
        "opened_ms",
        "overdue_ms",
        "peak",
        "reach",
        "reached_ms",
        "snoozed_until_ms",
        "tense_ms",
        "told",
        "verified_ms",
    )

    def __init__(self, opened_ms: int) -> None:
        self.opened_ms = opened_ms
        self.level = Level.CALM
        """As of the minute before."""
        self.peak = Level.CALM
        self.reached_ms = [0] * _LEVELS
        """By level, when it was first reached, or a higher one."""
        self.acknowledged_ms = [0] * _LEVELS
        """By level, when the first update since was posted."""
        self.tense_ms = 0
        """Since when it has been at alert or above without a break."""
        self.overdue_ms = 0
        """When it was last said that an update is overdue."""
        self.verified_ms = 0
        """When it was first known that somebody had confirmed or snoozed it."""
        self.confirmed = False
        self.snoozed_until_ms = 0
        self.mentions = 0
        self.negative = 0
        self.reach = 0
        self.told = Told()

    @property
    def alert_ms(self) -> int:
        """When it first reached alert."""
        return self.reached_ms[Level.ALERT]

    def go_on(self, standing: Standing, end_ms: int) -> bool:
        """Take in how the crisis stands at the end of a minute; return whether it rose to alert or above."""
        rose = standing.level > self.level and standing.level >= Level.ALERT
        if standing.level >= Level.ALERT > self.level:
            self.tense_ms = end_ms
        self.reached_ms[Level.WATCH], self.reached_ms[Level.ALERT] = standing.opened_ms, standing.alert_ms
        for level in range(Level.CRISIS, standing.level + 1):
            self.reached_ms[level] = self.reached_ms[level] or end_ms
        self.level, self.peak = standing.level, max(self.peak, standing.peak_level)
        self.confirmed, self.snoozed_until_ms = standing.confirmed, standing.snoozed_until_ms
        if (self.confirmed or self.snoozed_until_ms) and not self.verified_ms:
            self.verified_ms = end_ms
        return rose

    def end(self, end_ms: int, *, verified: bool) -> None:
        """Take in that the crisis is over; perhaps because somebody has verified that it was none."""
        self.level, self.snoozed_until_ms = Level.CALM, 0
        if verified and not self.verified_ms:
            self.verified_ms = end_ms

    def count(self, minute: WindowCounts) -> None:
        """Count the mentions of a minute."""
        self.mentions = total(self.mentions, minute.volume)
        self.negative = total(self.negative, minute.negative)
        self.reach = total(self.reach, minute.reach)

    def acknowledge(self, time_ms: int) -> None:
        """Take in the first update of a minute."""
        for level, reached_ms in enumerate(self.reached_ms):
            if reached_ms and time_ms >= reached_ms and not self.acknowledged_ms[level]:
                self.acknowledged_ms[level] = time_ms

    def state(self) -> list[Any]:
        """Return it as JSON has it."""
        return [
            [self.opened_ms, self.tense_ms, self.overdue_ms, self.verified_ms, self.snoozed_until_ms],
            [int(self.level), int(self.peak), int(self.confirmed)],
            self.reached_ms,
            self.acknowledged_ms,
            [self.mentions, self.negative, self.reach],
            self.told.state(),
        ]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> Self:
        """Return what gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        (opened_ms, *known_ms), (level, peak, confirmed), reached_ms, acknowledged_ms, counts, told = state
        course = cls(moment(opened_ms))
        course.tense_ms, course.overdue_ms, course.verified_ms, course.snoozed_until_ms = times(known_ms)
        course.level, course.peak, course.confirmed = Level(level), Level(peak), bool(whole(confirmed, 2))
        course.reached_ms, course.acknowledged_ms = times(reached_ms), times(acknowledged_ms)
        if len(course.reached_ms) != _LEVELS or len(course.acknowledged_ms) != _LEVELS or course.peak < course.level:
            raise ValueError("not the course of a crisis")
        course.mentions, course.negative, course.reach = map(count, counts)
        course.told = Told.restore(told)
        return course


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError("not a number")
    if not 0.0 <= value <= _MOST:
        raise ValueError("no such number")
    return float(value)
