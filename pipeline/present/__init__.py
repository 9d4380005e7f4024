"""The present of each brand, put together from what is on ``vigie.windows`` and ``vigie.crises``, and told in words."""

from pipeline.present.freshness import STALE_MS, Freshness
from pipeline.present.model import MAX_CRISES, BrandPresent, CrisisNow, Presents
from pipeline.present.row import Row, row
from pipeline.present.speech import SPEECHES, Line, Mood, Speech
from pipeline.present.telling import Section, tell
from pipeline.present.versions import last_versions

__all__ = [
    "MAX_CRISES",
    "SPEECHES",
    "STALE_MS",
    "BrandPresent",
    "CrisisNow",
    "Freshness",
    "Line",
    "Mood",
    "Presents",
    "Row",
    "Section",
    "Speech",
    "last_versions",
    "row",
    "tell",
]
