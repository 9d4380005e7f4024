"""The score of the window that decided, taken apart: what each signal has put into it.

Nothing is estimated anew. The score is `joined(share, volume) + looks`, and each part is what that very sum loses
without it: Fisher's combination is split in proportion to the two surprises; copies and repeated authors are taken
out one after the other, along the path by which the model itself reads a window, and each has the difference it made.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log10
from typing import Any, NamedTuple

from pipeline.detection.assessment import Assessment, HorizonView
from pipeline.detection.model import BrandModel
from pipeline.detection.reading import read_window
from pipeline.detection.severity import attention, loudness
from pipeline.detection.tails import beta_binomial_surprise, joined
from pipeline.detection.volume import HORIZONS
from pipeline.settings import DetectionSettings

__all__ = ["Account", "Reading", "decisive", "of_negativity", "of_volume", "readings"]


class Reading(NamedTuple):
    """The negative mentions of a window in one way of counting."""

    hits: float
    trials: float
    surprise: float


class Account(NamedTuple):
    """What each signal adds to the score, in bans. Their sum is the score before `learning`."""

    volume: float = 0.0
    peak: float = 0.0
    """Of the mentions alone, against the brand's daily peaks."""
    negative_share: float = 0.0
    copies: float = 0.0
    """Of leaving retweets and repeated texts out; never above 0."""
    authors: float = 0.0
    """Of leaving out what one author posted beyond two posts, or one negative one; never above 0."""
    looks: float = 0.0
    """Of bringing the window to looks an hour."""
    limit: float = 0.0
    """What volume alone does not count; never above 0."""


def decisive(assessment: Assessment, settings: DetectionSettings) -> tuple[HorizonView, bool]:
    """Return the view that the score was read from, and whether it was by its volume alone.

    The hour if all is calm. Volume alone is told by the shortest.
    """
    loud = loudness(assessment, settings)
    if assessment.crisis <= 0.0 and loud <= 0.0:
        return assessment.views[HORIZONS.index("1h")], False
    if assessment.crisis >= loud:
        return max(assessment.views, key=lambda view: view.crisis), False
    return assessment.views[0], True


def readings(model: BrandModel, x: Mapping[Any, Any], horizon: int) -> tuple[Reading, Reading, Reading]:
    """Return a window as it is, without copies, and without repeated authors too: the last is what the model tests.

    Parameters
    ----------
    model : BrandModel
        As it was when it assessed the window.
    x : Mapping
        The features it read.
    horizon : int
        Index of the window in `HORIZONS`.
    """
    expected = model.expectations(int(x["end_minute"]))
    window = HORIZONS[horizon]
    all_apart = dict(x) | {
        f"authors_{window}": x.get(f"volume_{window}", 0),
        f"negative_authors_{window}": x.get(f"negative_{window}", 0),
    }
    found = []
    plain_counts = all_apart | {f"{count}_{window}": 0 for count in ("retweets", "negative_retweets", "repeats")}
    for each in (plain_counts, all_apart, x):
        _, hits, trials, *_ = read_window(horizon, each, expected.usual)
        surprise = beta_binomial_surprise(hits, trials, expected.usual, expected.correlations[horizon])
        found.append(Reading(hits, trials, surprise))
    plain, without_copies, tested = found
    return plain, without_copies, tested


def of_negativity(view: HorizonView, read: tuple[Reading, Reading, Reading]) -> Account:
    """Take the crisis score of a view apart."""
    tested = read[2].surprise
    # Counts are rounded down to be tested, so leaving some out may add a trifle: it stays with the share.
    fewer = max(read[1].surprise, tested)
    plain = max(read[0].surprise, fewer)
    together, without_copies, last = (joined(share, view.volume_surprise) for share in (plain, fewer, tested))
    both = plain + min(plain, view.volume_surprise)
    share = plain if together <= plain else together * plain / both
    return Account(
        volume=together - share,
        negative_share=share,
        copies=without_copies - together,
        authors=last - without_copies,
        looks=view.crisis - last,
    )


def of_volume(assessment: Assessment, settings: DetectionSettings) -> Account:
    """Take the score of volume alone apart: days, what brings them to the scale of the score, and how far it counts."""
    peak, all_of_it = log10(assessment.peak_days), attention(assessment, settings)
    return Account(peak=peak, looks=all_of_it - peak, limit=loudness(assessment, settings) - all_of_it)
