"""The online model of a brand, under river's contract: score first, then learn."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from math import exp, log, log1p, log10, sqrt
from typing import Any, NamedTuple

from river import base

from pipeline.detection.dispersion import compact
from pipeline.detection.share import ShareModel
from pipeline.detection.stored import numbers, whole
from pipeline.detection.tails import beta_binomial_surprise, combined, count_surprise, normal_surprise
from pipeline.detection.volume import HORIZON_MINUTES, HORIZONS, VolumeModel

__all__ = ["Assessment", "BrandModel", "HorizonView", "Support", "features"]

_HOUR = HORIZONS.index("1h")
_NAMES = tuple((f"volume_{w}", f"negative_{w}", f"authors_{w}", f"repeats_{w}") for w in HORIZONS)
_LONGEST = len(HORIZONS) - 1
_POSTS_OF_ONE = 2.0
"""Posts of one author that count in full; more of them add nothing."""
_LEARNT_MINUTES = 24 * 60
_LEARNT_MENTIONS = 30
_LEARNT_HOURS = 12
_REFRESH_MINUTES = 15
"""Expectations move with the hour of the day: every quarter is often enough."""
_CALM_ODDS = log(0.1)
"""An hour ten times likelier under the usual share than under the long window's ends its claim."""
_DELAY_HOURS = HORIZON_MINUTES[_LONGEST] // 60
_RARITY = tuple(log10(minutes / 60.0) for minutes in HORIZON_MINUTES)
"""A long window is looked at anew less often than a short one: surprises are brought to looks an hour.

Then 4 is once in ten thousand hours, whichever window says so.
"""
_FADING = 1.0 / (7 * 24)
_MOST_LOG = 100.0
"""Logarithm of more followers than there can be."""


class HorizonView(NamedTuple):
    """What one rolling window says."""

    horizon: int
    """Index in `HORIZONS`."""
    volume: float
    expected: float
    volume_surprise: float
    """In bans, as all surprises, and of this window alone."""
    negative: float
    """Negative mentions after copies and repeated authors are discounted."""
    trials: float
    """Mentions after the same discount."""
    share_surprise: float
    attention: float
    """Surprise of the volume, brought to looks an hour: 3 is once in a thousand hours."""
    crisis: float
    """Of the share, or of share and volume together, where volume counts no more than the share does; alike."""
    authors: float
    """Distinct authors."""
    negative_authors: float
    """Estimated distinct authors of the negative mentions."""


class Support(NamedTuple):
    """What makes a crisis loud beside its volume: questions and reach of the last hour."""

    questions_surprise: float = 0.0
    usual_questions: float = 0.0
    """Share of the brand's ordinary mentions that ask something."""
    reach_surprise: float = 0.0
    usual_reach: float = 0.0
    """Reach of an ordinary hour with mentions."""


class Assessment(NamedTuple):
    """What the model says of one minute before it learns from it."""

    views: tuple[HorizonView, ...]
    """One for each horizon, shortest first."""
    support: Support = Support()
    """Only when it was asked for."""

    @property
    def crisis(self) -> float:
        """Strongest crisis surprise over the horizons."""
        return max(view.crisis for view in self.views)

    @property
    def attention(self) -> float:
        """Strongest attention over the horizons."""
        return max(view.attention for view in self.views)


class _Expectations(NamedTuple):
    as_of: int
    counts: tuple[tuple[float, float], ...]
    """Mean and dispersion of each horizon's volume."""
    usual: float
    correlations: tuple[float, ...]


def features(end_minute: int, windows: Mapping[str, Any]) -> dict[str, float]:
    """Flatten rolling windows (`schemas.WindowCounts` by name) into the features `BrandModel` reads."""
    x: dict[str, float] = {"end_minute": end_minute, "volume_1m": windows["1m"].volume}
    for window, (volume, negative, authors, repeats) in zip(HORIZONS, _NAMES, strict=True):
        counts = windows[window]
        x[volume] = counts.volume
        x[negative] = counts.negative
        x[authors] = counts.authors
        x[repeats] = counts.repeats
    hour = windows["1h"]
    x["questions_1h"] = hour.questions
    x["reach_1h"] = hour.reach
    return x


class BrandModel(base.AnomalyDetector):
    """Surprise of a brand's rolling windows, in bans at one look an hour: 4 is once in ten thousand hours.

    Volume is a negative binomial around level times rhythm (`VolumeModel`); the negative share is a
    beta-binomial around the brand's usual share (`ShareModel`). For each horizon both surprises are joined
    by Fisher's method, volume counting no more than the share does: many mentions that are no worse than
    usual are no crisis, whatever their number, while a much worse share is one without any more mentions.

    A window is a dict with, for each horizon of 15m, 1h and 6h, `volume_*`, `negative_*`, `authors_*`,
    `repeats_*`, and with them `volume_1m`, `questions_1h`, `reach_1h` and `end_minute` (epoch minutes;
    without it, minutes are counted). What is missing counts as 0. One call of `learn_one` a minute: the
    model itself takes what does not overlap (each whole quarter, hour and quarter day).

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

    def score_one(self, x: dict[Any, Any]) -> float:
        """Return the crisis surprise of the windows, in bans, at least 0."""
        return self.assess(x).crisis

    def assess(self, x: Mapping[Any, Any]) -> Assessment:
        """Return what the model says of each horizon, without learning from it; for the rest ask `support`."""
        expected = self.expectations(int(x.get("end_minute", self.clock)))
        views = [self._view(h, expected, x) for h in range(len(HORIZONS))]
        views[_LONGEST] = self._if_it_lasts(views[_LONGEST], views[_HOUR])
        return Assessment(tuple(views))

    def support(self, x: Mapping[Any, Any]) -> Support:
        """Return how unusual questions and reach of the last hour are."""
        mean, variance, hours = self.reach
        reach = max(0.0, x.get("reach_1h", 0))
        z = (log1p(reach) - mean) / sqrt(variance * (1.0 + 1.0 / hours)) if hours >= 1.0 else 0.0
        volume = x.get("volume_1h", 0)
        return Support(
            questions_surprise=self.questions.surprise(_HOUR, min(volume, x.get("questions_1h", 0)), volume),
            usual_questions=self.questions.usual,
            reach_surprise=normal_surprise(z),
            usual_reach=exp(mean) - 1.0,
        )

    def expectations(self, minute: int) -> _Expectations:
        """Return what is expected of the windows that end at ``minute``, to a quarter of an hour."""
        as_of = minute - minute % _REFRESH_MINUTES
        if self._cache is None or self._cache.as_of != as_of:
            self._cache = _Expectations(
                as_of,
                tuple(self.volume.predict(h, as_of) for h in range(len(HORIZONS))),
                self.negative.usual,
                tuple(self.negative.correlation(h) for h in range(len(HORIZONS))),
            )
        return self._cache

    def _view(self, h: int, expected: _Expectations, x: Mapping[Any, Any]) -> HorizonView:
        mean, dispersion = expected.counts[h]
        volume, hits, trials, authors = self._reading(h, x, expected.usual)
        if volume == 0.0:
            return HorizonView(h, 0.0, mean, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        loud = worse = attention = crisis = 0.0
        if volume > mean:
            loud = count_surprise(volume, mean, dispersion)
            attention = max(0.0, loud + _RARITY[h])
        if hits > trials * expected.usual:
            worse = beta_binomial_surprise(hits, trials, expected.usual, expected.correlations[h])
            crisis = max(0.0, worse + _RARITY[h], combined(worse, min(loud, worse)) + _RARITY[h])
        return HorizonView(
            h, volume, mean, loud, hits, trials, worse, attention, crisis, authors, hits * authors / volume
        )

    @staticmethod
    def _reading(h: int, x: Mapping[Any, Any], usual: float) -> tuple[float, float, float, float]:
        """Volume, negative mentions and mentions that count, and distinct authors.

        Copies tell the opinion of one, and their sentiment is not known: of all readings the one is taken
        that is nearest to the usual share. So a wave of copies is never evidence; what it cannot explain is.
        """
        of_volume, of_negative, of_authors, of_copies = _NAMES[h]
        volume = x.get(of_volume, 0)
        if volume <= 0:
            return 0.0, 0.0, 0.0, 0.0
        negative = _within(x.get(of_negative, 0), volume)
        authors = _within(x.get(of_authors, 0), volume)
        copies = _within(x.get(of_copies, 0), volume)
        trials, hits = volume, negative
        if copies:
            trials = volume - copies
            hits = min(max(usual * trials, negative - copies), negative, trials)
        full = _POSTS_OF_ONE * authors
        if trials <= full:
            return volume, hits, trials, authors
        return volume, hits * full / trials, full, authors

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
        """Take in one observed minute.

        Parameters
        ----------
        x
            The windows that end with it.
        w
            How far it may teach, 0 to 1.
        """
        minute = int(x.get("end_minute", self.clock))
        self.run = min(self.run + 1, HORIZON_MINUTES[_LONGEST]) if minute == self.clock or not self.clock else 1
        self.clock = minute + 1
        clip = self.learning >= 1.0
        if minute % HORIZON_MINUTES[0] == 0:
            for h, length in enumerate(HORIZON_MINUTES):
                if minute % length == 0 and self.run >= length:
                    self._learn_window(h, minute, x, weight=w, clip=clip)
        self.mentions = min(self.mentions + int(x.get("volume_1m", 0)), _LEARNT_MENTIONS)
        if self.mentions:  # a silence before the first mention says nothing of the brand's talk
            self.minutes = min(self.minutes + 1, _LEARNT_MINUTES)

    def skip(self, minute: int) -> None:
        """Pass over a minute that was not observed: it teaches nothing, and no window may hold it."""
        self.run, self.clock = 0, minute + 1

    def _learn_window(self, h: int, minute: int, x: Mapping[Any, Any], *, weight: float, clip: bool) -> None:
        volume, hits, trials, _ = self._reading(h, x, self.negative.usual)
        count = self.volume.learn_window(h, minute, volume, weight=weight, clip=clip)
        taught = self.negative.learn_window(h, hits, trials, weight=weight, clip=clip)
        self._cache = None
        if h != _HOUR:
            return
        if volume > 0.0:
            self.spoken = min(self.spoken + 1, _LEARNT_HOURS)
            asked = min(volume, max(0.0, x.get("questions_1h", 0)))
            asked = self.questions.learn_window(h, asked, volume, weight=weight, clip=clip)
            self.questions.learn_share(asked, volume, weight)
            self._learn_reach(x.get("reach_1h", 0), weight)
        self.pending.append(
            (compact(count), compact(self.volume.season.exposure(minute, 60)), compact(taught), compact(trials), weight)
        )
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
        self._cache = None

    def state(self) -> dict[str, Any]:
        """State as JSON has it."""
        return {
            "clock": [self.clock, self.run, self.minutes, self.mentions, self.spoken],
            "volume": self.volume.state(),
            "negative": self.negative.numbers(),
            "questions": self.questions.numbers(),
            "reach": self.reach,
            "pending": self.pending,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave."""
        self.clock, self.run, self.minutes, self.mentions, self.spoken = map(whole, state["clock"])
        self.volume.restore(state["volume"])
        self.negative.restore(state["negative"])
        self.questions.restore(state["questions"])
        mean, variance, hours = numbers(state["reach"], 3)
        numbers(list(chain(*state["pending"])), 5 * len(state["pending"]))
        self.pending = list(map(tuple, state["pending"]))
        if mean > _MOST_LOG or not variance or not all(_is_hour(*hour) for hour in self.pending):
            raise ValueError("no such model")
        self.reach = [mean, variance, hours]
        self._cache = None


def _is_hour(_count: float, _exposure: float, hits: float, trials: float, weight: float) -> bool:
    return hits <= trials and weight <= 1.0


def _within(number: float, most: float) -> float:
    if number < 0:
        return 0.0
    return number if number < most else most  # noqa: FURB136 - min() costs three times as much, here
