"""Detection: one `Detector` a brand says, minute by minute, how unusual its talk is and how bad."""

from pipeline.detection.alarm import Alarm
from pipeline.detection.detector import Detector, Outcome, UnknownDetectorState

__all__ = ["Alarm", "Detector", "Outcome", "UnknownDetectorState"]
