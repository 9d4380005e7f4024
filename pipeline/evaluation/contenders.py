"""All detectors that are compared, Vigie's own first."""

from __future__ import annotations

from pipeline.evaluation.baselines import (
    CyclePoisson,
    DayAgainstWeek,
    LastHour,
    PointPoisson,
    StandardDeviations,
    WindowedGaussian,
)
from pipeline.evaluation.contender import Contender
from pipeline.evaluation.own import Pages
from pipeline.settings import DetectionSettings

__all__ = ["baselines", "detectors"]


def detectors() -> tuple[Contender, ...]:
    """Return all: Vigie's own detectors as they are shipped, then the baselines."""
    return (*_own(), *baselines())


def _own() -> tuple[Contender, ...]:
    return (
        Contender(
            name="vigie",
            rule="A quarter of an hour has so many mentions that, by the brand's daily peaks, they come once in two "
            "days at most; one page a day, unless ten times rarer.",
            make=Pages,
            threshold=DetectionSettings().watch_days,
        ),
    )


def baselines() -> tuple[Contender, ...]:
    """Return the published rules, each with the threshold that its source gives."""
    return (
        Contender(
            name="gnip-point-poisson",
            rule="An hour's count is above the hour before by more than the Poisson interval of 99 % is wide.",
            make=PointPoisson,
            threshold=1.0,
        ),
        Contender(
            name="gnip-cycle-poisson",
            rule="The same against the mean of this hour of the day on all earlier days.",
            make=CyclePoisson,
            threshold=1.0,
        ),
        Contender(
            name="windowed-gaussian",
            rule="A count is in the tails of the normal distribution of the last 6,400 counts (NAB's own).",
            make=WindowedGaussian,
            threshold=1.0,
        ),
        Contender(
            name="last-hour",
            rule="The last hour has twice the hourly mean of the 12 hours before, twice yesterday's and last week's.",
            make=LastHour,
            threshold=2.0,
        ),
        Contender(
            name="day-against-week",
            rule="The hourly mean of 24 hours is two standard deviations above that of 7 days.",
            make=DayAgainstWeek,
            threshold=2.0,
        ),
        Contender(
            name="standard-deviation",
            rule="A count is three standard deviations from the mean of all before (river, as it comes).",
            make=StandardDeviations,
            threshold=3.0,
        ),
    )
