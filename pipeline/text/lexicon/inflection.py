"""Inflected forms of lexicon entries, by the regular rules of English and French.

The rules may make a form that nobody writes; that costs a dictionary entry and does no harm.
"""

from __future__ import annotations

__all__ = ["english", "french"]

_VOWELS = "aeiouy"


def english(word: str, flag: str) -> list[str]:
    """Return a word and its forms under the flag ``v``, ``n``, ``a`` or none.

    >>> english("cancel", "v")
    ['cancel', 'cancels', 'canceled', 'canceling', 'cancelled', 'cancelling']
    """
    match flag:
        case "":
            return [word]
        case "n":
            return [word, _english_s(word)]
        case "v":
            return [word, _english_s(word), *(stem + end for stem in _english_stems(word) for end in ("ed", "ing"))]
        case "a":
            adverb = word[:-1] + "ily" if word.endswith("y") else word.removesuffix("le") + "ly"
            degrees = [stem + end for stem in _english_stems(word) for end in ("er", "est")]
            return [word, adverb, *degrees]
        case _:
            raise ValueError(f"unknown flag /{flag} of {word}")


def _english_s(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2] not in _VOWELS:
        return word[:-1] + "ies"
    return word + "s"


def _english_stems(word: str) -> list[str]:
    """Stems before -ed, -ing, -er; both spellings where a final consonant may be doubled."""
    if word.endswith("e"):
        return [word[:-1]]
    if word.endswith("y") and word[-2] not in _VOWELS:
        return [word[:-1] + "i", word]
    if word[-1] not in _VOWELS + "wx" and word[-2] in _VOWELS and word[-3:-2] not in tuple(_VOWELS):
        return [word, word + word[-1]]
    return [word]


def french(word: str, flag: str) -> list[str]:
    """Return a word and its forms under the flag ``v``, ``n``, ``a`` or none.

    >>> french("honteux", "a"), french("nul", "a")
    (['honteux', 'honteuse', 'honteuses', 'honteusement'], ['nul', 'nuls', 'nulle', 'nulles'])
    """
    match flag:
        case "":
            return [word]
        case "n":
            return [word, word if word[-1] in "sxz" else word + ("x" if word.endswith("eau") else "s")]
        case "a":
            return _french_adjective(word)
        case "v":
            return _french_verb(word)
        case _:
            raise ValueError(f"unknown flag /{flag} of {word}")


_FEMININES = (
    ("eux", "euse"), ("if", "ive"), ("teur", "trice"), ("eur", "euse"), ("er", "ère"), ("el", "elle"),
    ("en", "enne"), ("on", "onne"), ("nul", "nulle"), ("ot", "otte"), ("et", "ette"), ("il", "ille"),
    ("as", "asse"), ("al", "ale"), ("e", "e"),
)  # fmt: skip


def _french_adjective(word: str) -> list[str]:
    feminine = word + "e"
    for ending, replacement in _FEMININES:
        if word.endswith(ending):
            feminine = word.removesuffix(ending) + replacement
            break
    plural = word if word[-1] in "sx" else word[:-2] + "aux" if word.endswith("al") else word + "s"
    forms = [word, plural, feminine, feminine + "s"]
    if word.endswith(("eux", "if", "e")):
        forms.append(feminine + "ment")
    return list(dict.fromkeys(forms))


_ER = "er e es ent ez ons ait aient ais é ée és ées era eront erait erai ant a"
_IR = "ir is it issent issez issons issait issaient i ie ies irait ira issant"
_RE = "re s t d ent ez ons ait aient u ue us ues ra rait ant"


def _french_verb(word: str) -> list[str]:
    stem, endings = word[:-2], {"er": _ER, "ir": _IR, "re": _RE}.get(word[-2:])
    if endings is None:
        raise ValueError(f"flag /v wants a verb in -er, -ir or -re, not {word}")
    softened = {"g": stem + "e", "c": stem[:-1] + "ç"}.get(stem[-1], stem) if endings is _ER else stem
    return [word, *((softened if end[0] == "a" else stem) + end for end in endings.split()[1:])]
