"""The online model of a brand, under river's contract: score first, then learn."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from math import exp, log, log1p, log10, sqrt
from typing import Any, NamedTuple

from river import base

from pipeline.detection.assessment import Assessment, HorizonView, Support
from pipeline.detection.dispersion import compact
from pipeline.detection.peaks import PeakModel
from pipeline.detection.reading import read_window
from pipeline.detection.share import ShareModel
from pipeline.detection.stored import numbers, whole
from pipeline.detection.tails import beta_binomial_surprise, count_surprise, joined, normal_surprise
from pipeline.detection.volume import HORIZON_MINUTES, HORIZONS, VolumeModel
from pipeline.planned import NOTHING_PLANNED

__all__ = ["RARITY", "BrandModel"]

_HOUR = HORIZONS.index("1h")
_LONGEST = len(HORIZONS) - 1
_LEARNT_MINUTES = 24 * 60
_LEARNT_MENTIONS = 30
_LEARNT_HOURS = 12
_REFRESH_MINUTES = 15
"""Expectations move with the hour of the day: every quarter is often enough."""
_CALM_ODDS = log(0.1)
"""An hour ten times likelier under the usual share than under the long window's ends its claim."""
_DELAY_HOURS = HORIZON_MINUTES[_LONGEST] // 60
RARITY = tuple(log10(minutes / 60.0) for minutes in HORIZON_MINUTES)
"""A long window is looked at anew less often than a short one: surprises are brought to looks an hour.

Then 4 is once in ten thousand hours, whichever window says so.
"""
_FADING = 1.0 / (7 * 24)
_MOST_LOG = 100.0
"""Logarithm of more followers than there can be."""


class _Expectations(NamedTuple):
    as_of: int
    counts: tuple[tuple[float, float], ...]
    """Mean and dispersion of each horizon's volume: the most that is expected, planned events included."""
    usual: float
    correlations: tuple[float, ...]
    ordinary: tuple[tuple[float, float], ...]
    """The same without planned events: the least that is expected."""


class BrandModel(base.AnomalyDetector):
    """Surprise of a brand's rolling windows, in bans at one look an hour: 4 is once in ten thousand hours.

    Volume is a negative binomial around level times rhythm (`VolumeModel`); the negative share is a
    beta-binomial around the brand's usual share (`ShareModel`). For each horizon both surprises are joined
    by Fisher's method, volume counting no more than the share does: many mentions that are no worse than
    usual are no crisis, whatever their number, while a much worse share is one without any more mentions.

    A window is a dict with, for each horizon of 15m, 1h and 6h, `volume_*`, `negative_*`, `authors_*`,
    `negative_authors_*`, `retweets_*`, `negative_retweets_*` and `repeats_*` (repeated texts), and with them
    `volume_1m`, `questions_1h`, `reach_1h`, `unobserved_15m` (minutes of it that were not observed) and `end_minute`
    (epoch minutes; without it, minutes are counted). What is missing counts as 0, except `negative_authors_*`
    (`pipeline.detection.reading`). One call of `learn_one` a minute: the model itself takes what does not overlap
    (each whole quarter, hour and quarter day).

    Parameters
    ----------
    prior_negative
        Negative share of a brand nobody has seen yet.
    prior_questions
        Share of questions of such a brand.

    Examples
    --------
    >>> from pipeline.detection.model import BrandModel
    >>> model = BrandModel()
    >>> def hour(minute, volume, negative):
    ...     x = {"end_minute": minute, "volume_1m": 1}
    ...     for name, part in (("15m", 0.25), ("1h", 1), ("6h", 6)):
    ...         x |= {f"volume_{name}": volume * part, f"negative_{name}": negative * part}
    ...         x |= {f"authors_{name}": volume * part}
    ...     return x
    >>> for minute in range(3 * 1440):
    ...     model.learn_one(hour(minute, 40, 8))
    >>> round(model.score_one(hour(4320, 40, 8)), 1), round(model.score_one(hour(4320, 400, 80)), 1)
    (0.0, 0.0)
    >>> model.score_one(hour(4320, 40, 32)) > 4
    True
    """

    def __init__(self, prior_negative: float = 0.25, prior_questions: float = 0.15) -> None:
        self.prior_negative = prior_negative
        self.prior_questions = prior_questions
        self.volume = VolumeModel()
        self.negative = ShareModel(prior_negative)
        self.questions = ShareModel(prior_questions)
        self.peaks = PeakModel()
        self.reach = [0.0, 4.0, 0.0]
        """Mean and variance of log(1 + reach) of an hour with mentions, and the hours learnt."""
        self.run = 0
        """Observed minutes in a row, at most those of the longest horizon."""
        self.minutes = 0
        """Observed minutes since the first mention, at most a day's."""
        self.mentions = 0
        """Mentions so far, at most as many as it takes."""
        self.spoken = 0
        """Hours with mentions so far, at most as many as it takes."""
        self.clock = 0
        """The minute that is next to be learnt, epoch minutes."""
        self.pending: list[tuple[float, ...]] = []
        """The last hours, not yet in the baseline: mentions, average hours, negative, of how many, weight."""
        self.calendar = NOTHING_PLANNED
        """Planned events: part of what is asked, not of what was learnt."""
        self._cache: _Expectations | None = None

    @property
    def learning(self) -> float:
        """How far the baseline has been learnt, 0 to 1.

        A day since the first mention, 30 mentions, and 12 hours that had any: thirty mentions in the first
        hour of a storm say nothing of what is usual.
        """
        return min(
            1.0,
            self.minutes / _LEARNT_MINUTES,
            self.mentions / _LEARNT_MENTIONS,
            self.spoken / _LEARNT_HOURS,
        )

    @property
    def missing(self) -> tuple[int, int, int]:
        """Observed minutes, mentions, and hours with mentions that are still to come until it has been learnt."""
        return _LEARNT_MINUTES - self.minutes, _LEARNT_MENTIONS - self.mentions, _LEARNT_HOURS - self.spoken

    def score_one(self, x: dict[Any, Any]) -> float:
        """Return the crisis surprise of the windows, in bans, at least 0."""
        return self.assess(x).crisis

    def assess(self, x: Mapping[Any, Any]) -> Assessment:
        """Return what the model says of each horizon, without learning from it; for the rest ask `support`."""
        expected = self.expectations(int(x.get("end_minute", self.clock)))
        views = [self._view(h, expected, x) for h in range(len(HORIZONS))]
        views[_LONGEST] = self._if_it_lasts(views[_LONGEST], views[_HOUR])
        return Assessment(tuple(views), self.peaks.return_days(self._planned(x)))

    def _planned(self, x: Mapping[Any, Any]) -> Mapping[Any, Any]:
        """Say how many times its ordinary mentions the brand is expected to have at most, if an event is planned."""
        minute = int(x.get("end_minute", self.clock))
        event = self.calendar.leading(minute - HORIZON_MINUTES[0], minute) if self.calendar else None
        return x if event is None else {**x, "planned": event.expect}

    @property
    def usual(self) -> tuple[float | None, float | None]:
        """Share of ordinary mentions that ask something, and reach of an ordinary hour; none before there was one."""
        mean, _variance, hours = self.reach
        return (self.questions.usual, exp(mean) - 1.0) if hours > 0.0 else (None, None)

    def support(self, x: Mapping[Any, Any]) -> Support:
        """Return how unusual questions and reach of the last hour are."""
        mean, variance, hours = self.reach
        expected = self.expectations(int(x.get("end_minute", self.clock)))
        if expected.counts is not expected.ordinary:  # more people reach more
            mean += log(expected.counts[_HOUR][0] / expected.ordinary[_HOUR][0])
        reach = max(0.0, x.get("reach_1h", 0))
        spread = sqrt(variance * (1.0 + 1.0 / hours)) if hours >= 1.0 else 0.0
        z = (log1p(reach) - mean) / spread if spread else 0.0
        volume = x.get("volume_1h", 0)
        return Support(
            questions_surprise=self.questions.surprise(_HOUR, min(volume, x.get("questions_1h", 0)), volume),
            usual_questions=self.questions.usual,
            questions_correlation=self.questions.correlation(_HOUR),
            reach_surprise=normal_surprise(z),
            usual_reach=exp(mean) - 1.0,
            reach_spread=spread,
        )

    def expectations(self, minute: int) -> _Expectations:
        """Return what is expected of the windows that end at ``minute``.

        To a quarter of an hour; planned events count to the minute.
        """
        as_of = minute - minute % _REFRESH_MINUTES
        if self._cache is None or self._cache.as_of != as_of:
            counts = tuple(self.volume.predict(h, as_of) for h in range(len(HORIZONS)))
            correlations = tuple(self.negative.correlation(h) for h in range(len(HORIZONS)))
            self._cache = _Expectations(as_of, counts, self.negative.usual, correlations, counts)
        return self._raised(minute, self._cache) if self.calendar else self._cache

    def _raised(self, minute: int, expected: _Expectations) -> _Expectations:
        """Raise what is expected of the volume by the planned events in each window, if there are any."""
        stretches = self.calendar.within(minute - HORIZON_MINUTES[_LONGEST], minute)
        if not stretches:
            return expected
        counts = tuple(
            self.volume.raised(h, minute, ordinary, stretches) for h, ordinary in enumerate(expected.ordinary)
        )
        return expected._replace(counts=counts)

    def _view(self, h: int, expected: _Expectations, x: Mapping[Any, Any]) -> HorizonView:
        mean, dispersion = expected.counts[h]
        volume, hits, trials, authors, angry = read_window(h, x, expected.usual)
        if volume == 0.0:
            return HorizonView(h, 0.0, mean, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        loud = worse = crisis = 0.0
        if volume > mean:
            loud = count_surprise(volume, mean, dispersion)
        if hits > trials * expected.usual:
            worse = beta_binomial_surprise(hits, trials, expected.usual, expected.correlations[h])
            crisis = max(0.0, joined(worse, loud) + RARITY[h])
        return HorizonView(h, volume, mean, loud, hits, trials, worse, crisis, authors, angry)

    def _if_it_lasts(self, long: HorizonView, hour: HorizonView) -> HorizonView:
        """Drop the long window's claim when the last hour is evidently back to the usual share."""
        if long.crisis == 0.0:
            return long
        usual = self.negative.usual
        now = min(0.99, long.negative / long.trials)
        calm = hour.trials - hour.negative
        odds = hour.negative * log(now / usual) + calm * log((1.0 - now) / (1.0 - usual))
        return long._replace(crisis=0.0) if odds < _CALM_ODDS else long

    def learn_one(self, x: dict[Any, Any], w: float = 1.0) -> None:
        """Take in one observed minute; one that is part of a planned event is passed over.

        Parameters
        ----------
        x
            The windows that end with it.
        w
            How far it may teach, 0 to 1.
        """
        minute = int(x.get("end_minute", self.clock))
        if self.calendar and self.calendar.at(minute - 1):
            self.skip(minute)  # neither the crowd of an event nor its absence is usual, nor is what a crowd talks of
            return
        self.run = min(self.run + 1, HORIZON_MINUTES[_LONGEST]) if minute == self.clock or not self.clock else 1
        self.clock = minute + 1
        whole = not x.get("unobserved_15m")  # what is left of a quarter of an hour is no peak
        self.peaks.learn_one({**self._planned(x), "end_minute": minute}, w if whole else 0.0)
        clip = self.learning >= 1.0
        if minute % HORIZON_MINUTES[0] == 0:
            for h, length in enumerate(HORIZON_MINUTES):
                if minute % length == 0 and self.run >= length:
                    self._learn_window(h, minute, x, weight=w, clip=clip)
        self.mentions = min(self.mentions + int(x.get("volume_1m", 0)), _LEARNT_MENTIONS)
        if self.mentions:  # a silence before the first mention says nothing of the brand's talk
            self.minutes = min(self.minutes + 1, _LEARNT_MINUTES)

    def skip(self, minute: int) -> None:
        """Pass over a minute that was not observed, or not usual: it teaches nothing, and no window may hold it."""
        self.run, self.clock = 0, minute + 1

    def _learn_window(self, h: int, minute: int, x: Mapping[Any, Any], *, weight: float, clip: bool) -> None:
        volume, hits, trials, *_ = read_window(h, x, self.negative.usual)
        count = self.volume.learn_window(h, minute, volume, weight=weight, clip=clip)
        taught = self.negative.learn_window(h, hits, trials, weight=weight, clip=clip)
        self._cache = None
        if h != _HOUR:
            return
        heard = 1.0
        if volume > 0.0:
            heard = count / volume  # a crowd teaches what is usual as one hour, not as the many hours it is as loud as
            self.spoken = min(self.spoken + 1, _LEARNT_HOURS)
            asked = min(volume, max(0.0, x.get("questions_1h", 0)))
            asked = self.questions.learn_window(h, asked, volume, weight=weight, clip=clip)
            self.questions.learn_share(heard * asked, heard * volume, weight)
            self._learn_reach(x.get("reach_1h", 0), weight)
        exposure = self.volume.season.exposure(minute, 60)
        self.pending.append((*map(compact, (count, exposure, heard * taught, heard * trials)), weight))
        while len(self.pending) > (_DELAY_HOURS if clip else 0):
            self._learn_baseline(*self.pending.pop(0), now=weight)

    def _learn_baseline(
        self, count: float, exposure: float, hits: float, trials: float, then: float, *, now: float
    ) -> None:
        """Take an hour into the baseline, hours later: as far as both then and now allow.

        So no window is tested against a baseline that holds it, and the hours in which a crisis began unseen
        do not count as ordinary.
        """
        weight = min(then, now)
        self.volume.learn_level(count, exposure, weight)
        self.negative.learn_share(hits, trials, weight)

    def _learn_reach(self, reach: float, weight: float) -> None:
        mean, variance, hours = self.reach
        error = log1p(max(0.0, reach)) - mean
        hours = hours * (1.0 - _FADING * weight) + weight
        rate = weight / (hours + 1e-9)
        if hours > 1.5:  # the first error is the mean itself
            variance += (error * error - variance) * min(rate, weight / (hours + 12.0))
        self.reach = [compact(mean + error * min(1.0, rate)), compact(variance), compact(hours)]

    def accept(self) -> None:
        """Forget all but a day's worth of the baseline: what has lasted for days is the new ordinary."""
        self.volume.accept()
        self.negative.accept()
        self.peaks.accept()
        self._cache = None

    def state(self) -> dict[str, Any]:
        """State as JSON has it."""
        return {
            "clock": [self.clock, self.run, self.minutes, self.mentions, self.spoken],
            "volume": self.volume.state(),
            "negative": self.negative.numbers(),
            "questions": self.questions.numbers(),
            "reach": self.reach,
            "peaks": self.peaks.numbers(),
            "pending": self.pending,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave."""
        self.clock, self.run, self.minutes, self.mentions, self.spoken = map(whole, state["clock"])
        self.volume.restore(state["volume"])
        self.negative.restore(state["negative"])
        self.questions.restore(state["questions"])
        if "peaks" in state:  # the version before knew of none
            self.peaks.restore(state["peaks"])
        mean, variance, hours = numbers(state["reach"], 3)
        numbers(list(chain(*state["pending"])), 5 * len(state["pending"]))
        self.pending = list(map(tuple, state["pending"]))
        if mean > _MOST_LOG or not variance or not all(_is_hour(*hour) for hour in self.pending):
            raise ValueError("no such model")
        self.reach = [mean, variance, hours]
        self._cache = None


def _is_hour(_count: float, _exposure: float, hits: float, trials: float, weight: float) -> bool:
    return hits <= trials and weight <= 1.0
