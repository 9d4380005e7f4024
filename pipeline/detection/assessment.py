"""What the model says of a minute: one view for each rolling window, and what is loud beside."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Assessment", "HorizonView", "Support"]


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
    crisis: float
    """Of the share, or of share and volume together, where volume counts no more than the share does, brought to
    looks an hour: 3 is once in a thousand hours."""
    authors: float
    """Distinct authors."""
    negative_authors: float
    """Estimated distinct authors of the negative mentions."""


class Support(NamedTuple):
    """What makes a crisis loud beside its volume: questions and reach of the last hour."""

    questions_surprise: float = 0.0
    usual_questions: float = 0.0
    """Share of the brand's ordinary mentions that ask something."""
    questions_correlation: float = 0.0
    reach_surprise: float = 0.0
    usual_reach: float = 0.0
    """Reach of an ordinary hour with mentions."""
    reach_spread: float = 0.0
    """Standard deviation of log(1 + reach); 0 before there was such an hour."""


class Assessment(NamedTuple):
    """What the model says of one minute before it learns from it."""

    views: tuple[HorizonView, ...]
    """One for each horizon, shortest first."""
    peak_days: float = 0.0
    """Bound on the return period of the last quarter of an hour's mentions, in days (`PeakModel`)."""
    is_told: bool = False
    """Whether such a crowd has been told of within the day (`OnePage`)."""
    support: Support = Support()
    """Only when it was asked for."""

    @property
    def crisis(self) -> float:
        """Strongest crisis surprise over the horizons."""
        return max(view.crisis for view in self.views)
