"""Evaluation: how Vigie and the rules that others publish do on the same labelled data."""

from pipeline.evaluation.contender import Contender, Misbehaves
from pipeline.evaluation.contenders import baselines, detectors

__all__ = ["Contender", "Misbehaves", "baselines", "detectors"]
