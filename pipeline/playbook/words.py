"""The words around a playbook, in English and French; what it says itself is in the file."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.playbook.parts import Check
from schemas.situation import Practice

__all__ = ["CHECKS", "PRACTICES", "WORDS", "minutes_in_words"]

PRACTICES: Mapping[str, Mapping[Practice, str]] = {
    "en": {
        Practice.IDENTIFY_EARLY: "Identify the crisis early",
        Practice.BE_TRANSPARENT: "Be transparent and honest",
        Practice.LISTEN_AND_ANSWER: "Listen, understand and answer",
        Practice.COMMUNICATE_REGULARLY: "Communicate regularly",
        Practice.STAY_CALM: "Stay calm and professional",
    },
    "fr": {
        Practice.IDENTIFY_EARLY: "Repérer la crise au plus tôt",
        Practice.BE_TRANSPARENT: "Être transparent et honnête",
        Practice.LISTEN_AND_ANSWER: "Écouter, comprendre et répondre",
        Practice.COMMUNICATE_REGULARLY: "Communiquer régulièrement",
        Practice.STAY_CALM: "Rester calme et professionnel",
    },
}
"""Names of the practices, by language."""

CHECKS: Mapping[str, Mapping[Check, str]] = {
    "en": {
        Check.ACKNOWLEDGED: "seen by an update of the brand's",
        Check.UPDATED: "seen by the age of the last update",
        Check.ANSWERED: "seen by the questions that wait",
        Check.TONE: "seen by the tone of the brand's posts",
        Check.VERIFIED: "seen by what somebody said with vigie feedback",
        Check.BY_HAND: "ticked off by hand",
    },
    "fr": {
        Check.ACKNOWLEDGED: "constaté par un point d’information de la marque",
        Check.UPDATED: "constaté par l’ancienneté du dernier point",
        Check.ANSWERED: "constaté par les questions en attente",
        Check.TONE: "constaté par le ton des messages de la marque",
        Check.VERIFIED: "constaté par l’avis donné avec vigie feedback",
        Check.BY_HAND: "à cocher soi-même",
    },
}
"""How it is seen that an action was done, by language."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "playbook": "Playbook",
        "own": "Vigie's own",
        "at": "From level “{level}” on",
        "update": "an update every {time}",
        "no_update": "no updates asked for",
        "report": "a situation report every {time}",
        "within": "within {time}",
        "any_time": "no set time",
        "min": "{n} min",
        "h": "{n} h",
        "d": "{n} d",
    },
    "fr": {
        "playbook": "Plan de crise",
        "own": "celui de Vigie",
        "at": "À partir du niveau «\N{NO-BREAK SPACE}{level}\N{NO-BREAK SPACE}»",
        "update": "un point d’information toutes les {time}",
        "no_update": "aucun point d’information exigé",
        "report": "un point de situation toutes les {time}",
        "within": "sous {time}",
        "any_time": "sans délai fixé",
        "min": "{n} min",
        "h": "{n} h",
        "d": "{n} j",
    },
}
"""Everything else, by language; `{name}` is filled in."""


def minutes_in_words(minutes: int, language: str) -> str:
    """Write a length of time: whole days and hours as such.

    >>> minutes_in_words(30, "en"), minutes_in_words(120, "en"), minutes_in_words(2880, "fr")
    ('30 min', '2 h', '2 j')
    """
    for unit, length in (("d", 24 * 60), ("h", 60)):
        if minutes > length and minutes % length == 0:
            return WORDS[language][unit].format(n=minutes // length)
    return WORDS[language]["min"].format(n=minutes)
