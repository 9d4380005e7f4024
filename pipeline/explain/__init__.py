"""A crisis recomputed from its log, checked by hand, and told in plain words."""

from pipeline.explain.comparison import Comparison, Difference, compare
from pipeline.explain.rebuild import Log, Rebuild
from pipeline.explain.selection import CrisisNotFound, choose
from pipeline.explain.speech import LANGUAGES, Language
from pipeline.explain.telling import Told, tell, title

__all__ = [
    "LANGUAGES",
    "Comparison",
    "CrisisNotFound",
    "Difference",
    "Language",
    "Log",
    "Rebuild",
    "Told",
    "choose",
    "compare",
    "tell",
    "title",
]
