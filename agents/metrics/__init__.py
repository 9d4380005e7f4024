"""The metrics of a worker. `agents.metrics.names` names them all; the rest is how they come by their values."""

from agents.metrics.brands import BrandNumbers
from agents.metrics.detection import BrandsSeen, DetectionMeter
from agents.metrics.names import CONTENT_TYPE, Metrics
from agents.metrics.partitions import PartitionFacts
from agents.metrics.stage import StageMeter

__all__ = [
    "CONTENT_TYPE",
    "BrandNumbers",
    "BrandsSeen",
    "DetectionMeter",
    "Metrics",
    "PartitionFacts",
    "StageMeter",
]
