"""What others publish or document, as detectors on river's contract. None sees the future."""

from pipeline.evaluation.baselines.deviation import StandardDeviations
from pipeline.evaluation.baselines.gaussian import WindowedGaussian
from pipeline.evaluation.baselines.gnip import CyclePoisson, PointPoisson
from pipeline.evaluation.baselines.listening import DayAgainstWeek, LastHour

__all__ = ["CyclePoisson", "DayAgainstWeek", "LastHour", "PointPoisson", "StandardDeviations", "WindowedGaussian"]
