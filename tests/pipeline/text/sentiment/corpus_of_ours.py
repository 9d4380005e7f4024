"""A tiny corpus of made-up sentences: enough to learn a dozen words from."""

from __future__ import annotations

import gzip
from itertools import product
from pathlib import Path

import orjson

_SUBJECTS = ("the ferry", "my new kettle", "this library", "our baker", "their garden tour", "the night bus")
_SUJETS = ("le bac", "ma bouilloire", "ce boulanger", "la visite", "notre facteur", "le bus de nuit")
_BAD = ("is dreadful", "was not good", "makes me furious :(", "stinks, never again", "is broken 😡")
_FLAT = ("opens at nine", "has 3 doors", "is next to the mill http", "moved to Monday", "stops here")
_GOOD = ("is wonderful", "was good", "makes me happy :)", "is lovely, thank you!", "was not dreadful 😍")
_MAL = ("est affreux", "ne marche pas bien", "me rend furieux", "est encore en panne 😡")
_PLAT = ("ouvre à neuf heures", "a 3 portes", "passe par le moulin http", "s'arrête ici")
_BIEN = ("est magnifique", "marche bien", "me rend heureux", "est adorable, merci !")

SOFT = (
    {"text": "splendid", "lang": "en", "p": [0.02, 0.08, 0.9]},
    {"text": "ghastly", "lang": "en", "p": [0.9, 0.08, 0.02]},
    {"text": "the mill is splendid today", "lang": "en", "p": [0.02, 0.08, 0.9]},
)
"""What a teacher might have said."""


def write(folder: Path, *, soft: bool = True) -> tuple[Path, Path | None]:
    """Write the corpus as training reads it; return its folder and the file of soft labels."""
    sentiment = folder / "sentiment"
    sentiment.mkdir(parents=True)
    with gzip.open(sentiment / "made_up_train.jsonl.gz", "wb") as lines:
        lines.writelines(_lines(_SUBJECTS, (_BAD, _FLAT, _GOOD)))
    with (sentiment / "xlmt_french_train.jsonl").open("wb") as lines:
        lines.writelines(_lines(_SUJETS, (_MAL, _PLAT, _BIEN)))
    if not soft:
        return folder, None
    soft_file = folder / "soft.jsonl"
    soft_file.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in SOFT))
    return folder, soft_file


def _lines(subjects: tuple[str, ...], ends: tuple[tuple[str, ...], ...]) -> list[bytes]:
    return [
        orjson.dumps({"text": f"{subject} {end}", "label": label}) + b"\n"
        for label, kinds in enumerate(ends)
        for subject, end in product(subjects, kinds)
    ]
