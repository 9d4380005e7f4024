"""Models as a team might bring them, good ones; and how to install them for a test."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

HOPE = [0.1, 0.6, 0.3]
GRUDGE = [0.7, 0.2, 0.1]


class Moods:
    name = "moods-1"

    def probabilities(self, texts: Sequence[str], langs: Sequence[str]) -> Sequence[Sequence[float]]:
        return [GRUDGE if "late" in text[:1_000] else HOPE for text in texts]


class Tongues:
    name = "tongues-1"

    def languages(self, texts: Sequence[str], hints: Sequence[str | None]) -> Sequence[str]:
        return ["fr" if "merci" in text[:1_000] else "und" for text in texts]


MODULE = """
class Moods:
    name = "moods-1"
    def probabilities(self, texts, langs):
        return [[0.7, 0.2, 0.1] if "late" in text[:1000] else [0.1, 0.6, 0.3] for text in texts]

class Tongues:
    name = "tongues-1"
    def languages(self, texts, hints):
        return ["und"] * len(texts)

class Rude:
    name = "rude-1"
    def probabilities(self, texts, langs):
        return [[1, 1, 1]] * len(texts)

class Seeded:
    name = "seeded-1"
    def probabilities(self, texts, langs):
        return [[0.5, hash("a") % 997 / 2000, 0.5 - hash("a") % 997 / 2000]] * len(texts)

class Local:
    name = "local-1"
    def __init__(self):
        import sys
        if "pytest" not in sys.modules:
            raise RuntimeError("no model file here")
    def probabilities(self, texts, langs):
        return [[0.5, 0.25, 0.25]] * len(texts)

class Nameless:
    def probabilities(self, texts, langs):
        return []

class Silent:
    name = "silent-1"

def broken():
    raise FileNotFoundError("weights.bin")

answer = 42
"""

OFFERS = """
[vigie.sentiment]
acme = acme_models:Moods
rude = acme_models:Rude
seeded = acme_models:Seeded
local = acme_models:Local
nameless = acme_models:Nameless
silent = acme_models:Silent
broken = acme_models:broken
answer = acme_models:answer
gone = acme_gone:Moods

[vigie.language]
acme = acme_models:Tongues
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a package with models, good and bad, where Python finds packages."""
    (folder / "acme_models.py").write_text(MODULE)
    info = folder / "acme-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(OFFERS)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "acme_models", raising=False)
