"""Does a tweet ask something? English and French, with a question mark or without.

A question mark outside URLs decides. Else a sentence must open as questions do ("why is", "can you",
"pouvez-vous", "est-ce que") or hold a turn that only questions have ("anyone know", "y a-t-il").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.text.tokens import Kind, Token
from pipeline.text.vocabulary import TokenBatch, Vocabulary

__all__ = ["QuestionReader"]

_QUESTION_MARKS = frozenset("?？؟")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GREETINGS = _words(
    "hey hi hello so and but ok okay please pls plz um well also yo guys btw seriously like just now wow omg "
    "bonjour salut bonsoir svp mais et donc alors du coup ben bon euh merci sinon stp s'il vous plaît"
)
"""Words that may stand before the opening of a question."""

_SUBJECTS = _words("you u i we they it he she this that there anyone anybody someone somebody y'all ya")
_THINGS = _words("the my your our their his her these those a an any")
_AUXILIARIES = _words(
    "is are do does did can can't could would will won't was were has have isn't aren't don't doesn't "
    "didn't couldn't wouldn't haven't hasn't should shouldn't am ain't"
)

_OPENINGS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("can", "could", "would", "will", "did", "does", "won't", "can't"), _SUBJECTS | _THINGS),
    **dict.fromkeys(("is", "are", "was", "were", "isn't", "aren't"), _SUBJECTS | _THINGS),
    **dict.fromkeys(("do", "don't", "should", "shall", "have", "haven't", "has", "may", "am"), _SUBJECTS),
    **dict.fromkeys(("why", "where", "who"), _AUXILIARIES),
    "when": _AUXILIARIES - {"is"} | {"will"},
    "how": _AUXILIARIES | _words("long many come often far soon"),
    "what": _AUXILIARIES - {"a"} | _words("time happened kind about if"),
    "which": _words("one gate flight terminal airport is are do number way"),
    "whats": _words("the your going happening up with wrong my this"),
    "what's": _words("the your going happening up with wrong my this"),
    "where's": _words("my the your our"),
    "why's": _words("my the your it this"),
    "how's": _words("the my your it that"),
    "who's": _words("going the got in coming ready up with"),
    "any": _words(
        "update updates news idea ideas chance word info information help advice suggestion suggestions "
        "recommendation recommendations way plans tips thoughts eta reason explanation"
    ),
    "pourquoi": frozenset(),
    "comment": _words(
        "faire on ça ca peut puis je vous tu se est sont avoir contacter joindre savoir peut-on obtenir puis-je "
        "faites-vous c'est expliquer annuler récupérer"
    ),
    "combien": frozenset(),
    "où": _words("est sont en puis-je peut-on est-ce puis sont-ils en est-on trouver c'est"),
    "quand": _words("est-ce aurez-vous serez-vous allez-vous sera-t-il pourrons-nous comptez-vous va-t-on"),
    "quel": _words("est sont numéro délai service recours horaire prix délais"),
    "quelle": _words("est sont solution heure date démarche"),
    "quels": _words("sont délais recours"),
    "quelles": _words("sont démarches solutions"),
    "qui": _words("peut pourrait sait connaît a est-ce veut aurait"),
    "quid": frozenset(),
    "c'est": _words("quoi quand où combien"),
    "vous": _words("pouvez pourriez auriez comptez"),
}
"""First word of a sentence and the words that may follow it; none named: whatever follows."""

_TURNS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        ("anyone", "anybody"), _words("know knows else have heard got tried seen able experiencing having")
    ),
    **dict.fromkeys(("someone", "somebody"), _words("explain")),
    **dict.fromkeys(
        ("does", "did", "has", "is", "can", "could", "will", "would"), _words("anyone anybody someone somebody")
    ),
    "wondering": _words("if when why how what where whether"),
    "y": _words("a-t-il aurait-il aura-t-il avait-il"),
    **dict.fromkeys(
        _words(
            "est-ce qu'est-ce pouvez-vous pourriez-vous avez-vous êtes-vous savez-vous voulez-vous comptez-vous "
            "devez-vous auriez-vous seriez-vous aurez-vous serez-vous pensez-vous prévoyez-vous ferez-vous "
            "peux-tu peut-on puis-je dois-je va-t-on vais-je as-tu es-tu sais-tu peut-il sera-t-il aura-t-il "
            "y-a-t-il"
        ),
        frozenset(),
    ),
    "quelqu'un": _words("sait peut connaît connait aurait pourrait saurait"),
}
"""As `_OPENINGS`, anywhere in a sentence."""


_LEADERS = {word: place for place, word in enumerate([*_OPENINGS, *(w for w in _TURNS if w not in _OPENINGS)], 1)}
_FOLLOWERS = {
    word: place for place, word in enumerate(sorted(_words("").union(*_OPENINGS.values(), *_TURNS.values())), 2)
}
_OTHER = 1
"""Any token that is no named follower. 0 is what stands between texts, which follows nothing."""
_FOLLOWER_BITS = 9
_FOLLOWER_MASK = (1 << _FOLLOWER_BITS) - 1
_AS_OPENING, _AS_TURN = 1, 2


class QuestionReader:
    """Reads whether tweets ask something."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._asks = vocabulary.flag([Kind.MARK], lambda token: not _QUESTION_MARKS.isdisjoint(token.text))
        self._begins = vocabulary.flag([Kind.MARK, Kind.EMOJI, Kind.EMOTICON])
        self._blocks = vocabulary.flag([Kind.WORD], lambda token: token.lower not in _GREETINGS)
        self._places = vocabulary.column(_places, np.uint16)
        self._pairs = _pairs()

    def read(self, batch: TokenBatch) -> NDArray[np.bool_]:
        """Say of each text whether it asks."""
        asks = (batch.flags & self._asks).astype(np.bool_)
        places = self._places.values.take(batch.rows)
        pairs = self._pairs[places[:-1] >> _FOLLOWER_BITS, places[1:] & _FOLLOWER_MASK]
        candidates = pairs.nonzero()[0]
        if len(candidates):
            asks[candidates] |= ((pairs[candidates] & _AS_TURN) != 0) | (
                ((pairs[candidates] & _AS_OPENING) != 0) & self._opens(batch, candidates)
            )
        return np.logical_or.reduceat(asks, batch.starts)

    def _opens(self, batch: TokenBatch, candidates: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Say of each candidate whether only greetings stand between it and the beginning of its sentence."""
        places = np.arange(len(batch.rows))
        begins = (batch.rows == 0) | ((batch.flags & self._begins) != 0)
        begun = np.maximum.accumulate(np.where(begins, places, -1))
        blocked = np.maximum.accumulate(np.where(batch.flags & self._blocks, places, -1))
        return begun[candidates - 1] > blocked[candidates - 1]


def _places(tokens: Sequence[Token]) -> list[int]:
    """Return the place of each token among the leaders and among the followers, in one number."""
    leaders, followers = _LEADERS.get, _FOLLOWERS.get
    return [
        leaders(lower, 0) << _FOLLOWER_BITS | followers(lower, _OTHER) if kind is Kind.WORD else _OTHER
        for kind, _, lower, _ in tokens
    ]


def _pairs() -> NDArray[np.uint8]:
    """Return what a leader and its follower make: an opening, a turn, both or nothing."""
    pairs = np.zeros((len(_LEADERS) + 1, len(_FOLLOWERS) + 2), np.uint8)
    for turns, flag in ((_OPENINGS, _AS_OPENING), (_TURNS, _AS_TURN)):
        for word, followers in turns.items():
            allowed = [_FOLLOWERS[follower] for follower in followers] or slice(_OTHER, None)
            pairs[_LEADERS[word], allowed] |= flag
    return pairs
