"""What has been said of a brand: its level, and the crisis that is open. It outlives the model that said it."""

from __future__ import annotations

from typing import Any, Self

from pipeline.detection.lifecycle import LifeCycle, Step
from pipeline.detection.severity import Hysteresis, Verdict
from pipeline.detection.standing import Standing
from pipeline.settings import DetectionSettings
from schemas.window import Level

__all__ = ["Alarm"]

_CARRIED_MINUTES = 24 * 60
"""As long as a model takes to learn when there is enough to learn from."""


class Alarm:
    """Level and life cycle of one brand: the part of detection that subscribers hold us to.

    It is apart from the model, so that another model, or a damaged one, neither forgets an open crisis nor
    opens a second one for the same incident.

    *A crisis that outlives its model.* What the new model says at first is ignorance: it would call anything
    ordinary. A crisis team would rather be told for some hours too long that a crisis goes on than hear that
    it is over from somebody who does not know. So while the new model learns, the crisis is carried: it keeps
    its level, and at alert and above goes on publishing ``updated`` with how far learning is; nothing but
    silence (no mention within the longest window that is tested) counts towards its end. It is carried until
    the model has learnt, at most for a day of observed minutes. From then on the model is taken at its word, and
    a crisis that it does not hold falls and is resolved like any other: at the latest a day and `resolve_after_ms`
    of observed minutes after the change, if the talk is no longer unusual.

    Parameters
    ----------
    brand : str
        Key of the brand.
    settings : DetectionSettings
        How long a brand must be calm, and how often an open crisis is told of.
    """

    __slots__ = ("_carried", "_carries", "_hysteresis", "_life")

    def __init__(self, brand: str, settings: DetectionSettings) -> None:
        self._hysteresis = Hysteresis(settings)
        self._life = LifeCycle(brand, settings.update_interval_ms)
        self._carries = False
        """Whether the open crisis was opened under a model that is gone, and this one has not learnt yet."""
        self._carried = 0
        """Observed minutes for which that has been so, however many models there were."""

    @property
    def level(self) -> Level:
        """The level that is published."""
        return self._hysteresis.level

    @property
    def protected_from_ms(self) -> int | None:
        """When the open crisis began that must not teach a new model what is usual; none when there is none."""
        return self._life.opened_ms if self._life.is_unusual() else None

    @property
    def standing(self) -> Standing | None:
        """The open crisis; none while there is none."""
        return self._life.standing

    @property
    def minutes(self) -> Hysteresis:
        """For how long each level has been earned and missed. To read only."""
        return self._hysteresis

    @property
    def is_carried(self) -> bool:
        """Whether the open crisis keeps its level because the model is new."""
        return self._carries and self._carried < _CARRIED_MINUTES

    def carry(self) -> None:
        """Carry the open crisis, if there is one, over to a new model. Doing so again lengthens nothing."""
        self._carries = self.level > Level.CALM

    def step(self, verdict: Verdict, end_ms: int, *, learning: float, silent: bool) -> Step | None:
        """Take in the verdict on an observed minute.

        Parameters
        ----------
        verdict : Verdict
            What the minute would be by itself.
        end_ms : int
            Its end, epoch milliseconds.
        learning : float
            How far the model that says so has learnt, 0 to 1.
        silent : bool
            Whether nothing at all was said in any window that is tested.

        Returns
        -------
        Step or None
            The step in the life of a crisis that is to be published.
        """
        if self._is_carried(learning) and not silent:
            return self._life.step(self.level, end_ms)
        return self._life.step(self._hysteresis.step(verdict), end_ms)

    def _is_carried(self, learning: float) -> bool:
        if not self._carries:
            return False
        if learning >= 1.0 or self.level is Level.CALM:
            self._carries, self._carried = False, 0
            return False
        self._carried = min(self._carried + 1, _CARRIED_MINUTES)
        return self._carried < _CARRIED_MINUTES

    def is_protected(self, end_ms: int) -> bool:
        """Whether the baseline is to be protected from what is going on."""
        return self._life.is_protected(end_ms)

    def accepts(self, end_ms: int) -> bool:
        """Whether a crisis has now lasted long enough to be the new ordinary; true once a crisis."""
        return self._life.accepts(end_ms)

    def is_alert(self) -> bool:
        """Whether the level is alert or above."""
        return self.level >= Level.ALERT

    def state(self) -> list[Any]:
        """State as JSON has it. It is part of the brand's layout, not of the model's."""
        return [self._hysteresis.state(), self._life.state(), [int(self._carries), self._carried]]

    @classmethod
    def restore(cls, brand: str, settings: DetectionSettings, state: list[Any]) -> Self:
        """Return what gave a state; ``TypeError``, ``ValueError`` or ``LookupError`` when it is none."""
        levels, life, (carries, carried) = state
        alarm = cls(brand, settings)
        alarm._hysteresis.restore(levels)
        alarm._life.restore(life)
        if alarm._life.level is not alarm.level:
            raise ValueError("two levels")
        if type(carries) is not int or type(carried) is not int or not 0 <= carried <= _CARRIED_MINUTES:
            raise ValueError("carried for ever")
        alarm._carries, alarm._carried = bool(carries), carried
        return alarm
