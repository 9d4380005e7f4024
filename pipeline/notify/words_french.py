"""The words of a notification that an explanation does not have, in French."""

from __future__ import annotations

__all__ = ["WORDS"]

_COLON, _SEMICOLON = "\N{NO-BREAK SPACE}:", "\N{NO-BREAK SPACE};"
_OPEN, _CLOSE = "«\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}»"

WORDS: dict[str, str] = {
    "told_opened": f"{{brand}} n’est plus au calme{_COLON} {{level}}",
    "told_escalated": f"{{brand}}{_COLON} aggravation, de {_OPEN}{{previous}}{_CLOSE} à {_OPEN}{{level}}{_CLOSE}",
    "told_updated": f"{{brand}}{_COLON} toujours {_OPEN}{{level}}{_CLOSE}",
    "told_deescalated": f"{{brand}}{_COLON} apaisement, de {_OPEN}{{previous}}{_CLOSE} à {_OPEN}{{level}}{_CLOSE}",
    "told_resolved": f"{{brand}}{_COLON} retour au calme",
    "told_confirm": f"{{brand}}{_COLON} crise confirmée ({{level}})",
    "told_snooze": f"{{brand}}{_COLON} mise en attente jusqu’au {{until}} ({{level}})",
    "told_dismiss": f"{{brand}}{_COLON} alarme écartée, pas de crise",
    "said_by": "Avis donné par {by}.",
    "said_why": f"Avis donné par {{by}}{_COLON} {{reason}}.",
    "counted": f"{{volume}} mentions {{window}}, par {{authors}} environ{_SEMICOLON} on en attendait environ "
    "{expected}.",
    "counted_one": f"Une seule mention {{window}}{_SEMICOLON} on en attendait environ {{expected}}.",
    "talk": f"Ce dont on parle{_COLON} {{concerns}}.",
    "since": f"Depuis le {{opened}}. Niveau le plus élevé{_COLON} {{peak}}.",
    "over": f"Ouverture le {{opened}}. Niveau le plus élevé{_COLON} {{peak}}.",
    "told_overdue": f"{{brand}}{_COLON} un point d’information est en retard ({{level}})",
    "last_update": "Le dernier point d’information de la marque date du {last}.",
    "no_update": "Aucun point d’information de la marque n’a été vu.",
    "every": f"À ce niveau, le plan de crise en demande un toutes les {{minutes}} minutes{_SEMICOLON} il était attendu "
    "le {due}.",
    "missed": f"Points manqués de suite{_COLON} {{updates}}.",
    "silent_on": f"Aucun point n’aborde{_COLON} {{concerns}}.",
    "unseen": f"Les données manquent pour {{minutes}} minutes des dernières 24 heures{_COLON} un point d’information "
    "publié alors n’a pas été vu.",
    "waiting": f"Questions sans réponse{_COLON} {{questions}}.",
    "tweets": f"Tweets à lire{_COLON} {{tweets}}",
}
"""Texts by key; `{name}` is filled in."""
