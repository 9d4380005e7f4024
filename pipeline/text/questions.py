"""Does a tweet ask something? English and French, with a question mark or without.

What counts is that its author could expect an answer: in words, from the brand or from anybody. A request that is put
as a question counts ("can you rebook me"), and so does an angry "why". What is asked for show does not ("are you
kidding me?", "you call this service?").

It is decided by sentence. With a question mark, one that has a form of questions asks: an interrogative word, a verb
before its subject, a choice. One without asks if the mark stands alone ("other suggestions?"): several, or one beside
an exclamation mark, are surprise there ("3 hours?!"), and so are some words ("seriously?"). In English it must also be
short and the last that is said ("Monday? Too late"); in French most questions have no other form. Without a question
mark a sentence must open as questions do ("why is", "can you", "pouvez-vous", "est-ce que") or hold a turn that only
questions have ("anyone know", "y a-t-il"). A mark in a link is none. Of these forms we know nothing in other
languages; there, any question mark decides. What stands in quotation marks is read as if it were the author's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.text import questionwords as words
from pipeline.text.tokens import Kind, Token
from pipeline.text.vocabulary import HANDLE_ROW, TokenBatch, Vocabulary

__all__ = ["QuestionReader"]

_QUESTION_MARKS = frozenset("?？؟")
_ENDS = frozenset(".!?…؟？！。\n")

# What a token says of its sentence. Those of a sentence's tokens are put together by "or".
_ASKED: Final = 1
"""A question mark alone."""
_EXCLAIMED: Final = 2
"""Several question marks, or one beside an exclamation mark."""
_FORM: Final = 4
"""It has the form of a question."""
_OPENS: Final = 8
"""It has it so clearly that no mark is needed."""
_SURPRISE: Final = 16
_MOCKERY: Final = 32
_PLEA: Final = 64
_SAID: Final = 128
"""It has words."""
_NO_SENTENCE: Final = 256
"""It is a word and its mark, or its last clause is longer than `_LONG_TOKENS`."""
_LIKELY: Final = 512
"""It has an interrogative word, which may be a conjunction or a pronoun."""
_LAST: Final = 1024
"""No other sentence of its text has words after it."""
_FRENCH: Final = 2048
_FOREIGN: Final = 4096
"""Its language is none whose forms are known."""
_END: Final = 8192
"""It ends here."""
_NUMBER: Final = 16384
"""Here is a number: a point between two ends nothing."""
_MARKED: Final = _ASKED | _EXCLAIMED
_LANGS: Final[Mapping[str, int]] = {"en": 0, "und": 0, "fr": _FRENCH}
"""Languages whose forms are known; what is in none that could be read is mostly a word or two of these."""
_ECHO_TOKENS, _LONG_TOKENS = 2, 12
"""A word and its mark after a sentence ("Phoenix?") is an echo. What asks without the form of a question is short: with
more tokens than this, the mark is the surprise at the end of a story."""

# What a word and the next one make. An opening counts where a clause begins; with a mark, many more are openings.
_OPENING, _UNLESS_NAMED, _TURN, _MARKED_OPENING, _SURPRISED, _FOR_SHOW = (1 << bit for bit in range(6))

# Where they stand.
_CLAUSE_OPENS: Final = np.uint8(64)
_AFTER_A_NAME: Final = np.uint8(128)

_UNMARKED: Final = _OPENING | _UNLESS_NAMED | _TURN
"""What may ask without a question mark."""

_PAIRS: tuple[tuple[int, Mapping[str, frozenset[str]]], ...] = (
    (_OPENING, words.OPENINGS),
    (_UNLESS_NAMED, words.OPENINGS_AFTER_A_NAME),
    (_TURN, words.TURNS),
    (_MARKED_OPENING, dict.fromkeys(words.AUXILIARIES | words.INTERROGATIVES, frozenset())),
    (_SURPRISED, words.SURPRISE),
    (_FOR_SHOW, words.MOCKERY),
)
_LEADERS = {word: place for place, word in enumerate(sorted(frozenset().union(*(pairs for _, pairs in _PAIRS))), 1)}
_FOLLOWERS = {
    word: place
    for place, word in enumerate(
        sorted(frozenset().union(*(allowed for _, pairs in _PAIRS for allowed in pairs.values()))), 2
    )
}
_OTHER = 1
"""Any token that is no named follower. 0 is what stands between texts, which follows nothing."""
_FOLLOWER_BITS = 16
_FOLLOWER_MASK = (1 << _FOLLOWER_BITS) - 1


class QuestionReader:
    """Reads whether tweets ask something."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._begins = vocabulary.flag([Kind.MARK, Kind.EMOJI, Kind.EMOTICON])
        self._blocks = vocabulary.flag([Kind.WORD], lambda token: token.lower not in words.GREETINGS)
        self._roles = vocabulary.column(_roles, np.uint16)
        self._places = vocabulary.column(_places, np.uint32)
        self._pairs = _pairs()
        self._roles_by_pair = _roles_by_pair()
        self._decides = _decisions()

    def read(self, batch: TokenBatch, langs: Sequence[str]) -> NDArray[np.bool_]:
        """Say of each text, whose language was read before, whether it asks."""
        roles = self._roles.values.take(batch.rows)
        places = self._places.values.take(batch.rows)
        pairs = self._pairs[places[:-1] >> _FOLLOWER_BITS, places[1:] & _FOLLOWER_MASK]
        if not np.bitwise_or.reduce(roles) & _MARKED and not (pairs & _UNMARKED).any():
            return np.zeros(len(batch.starts), np.bool_)
        begins = (batch.rows == 0) | ((batch.flags & self._begins) != 0)
        candidates = pairs.nonzero()[0]
        if len(candidates):
            roles[candidates] |= self._roles_of_pairs(batch, begins, candidates, pairs[candidates])
        starts = _starts(batch, roles)
        ends = np.concatenate([starts[1:], [len(roles)]])
        said = np.bitwise_or.reduceat(roles, starts) & (_FRENCH - 1)
        clauses = begins.nonzero()[0]
        begun = clauses[clauses.searchsorted(ends - 1) - 1]  # where the last clause does whose mark is at the end
        said[(ends - starts == _ECHO_TOKENS) | (ends - 1 - begun > _LONG_TOKENS)] |= _NO_SENTENCE
        firsts = starts.searchsorted(batch.starts)
        worded = np.where(said & _SAID, np.arange(len(said)), -1)
        said[np.maximum(np.maximum.reduceat(worded, firsts), firsts)] |= _LAST
        said |= np.array([_LANGS.get(lang, _FOREIGN) for lang in langs], np.uint16)[
            batch.starts.searchsorted(starts, "right") - 1
        ]
        return np.logical_or.reduceat(self._decides[said], firsts)

    def _roles_of_pairs(
        self,
        batch: TokenBatch,
        begins: NDArray[np.bool_],
        candidates: NDArray[np.intp],
        pairs: NDArray[np.uint8],
    ) -> NDArray[np.uint16]:
        """Return what each candidate, a word that makes something with the next, says of its sentence.

        It opens its clause, which begins with the text or after a mark or emoji, where only greetings are between.
        """
        weighty = (begins | ((batch.flags & self._blocks) != 0)).nonzero()[0]
        opens = begins[weighty[weighty.searchsorted(candidates) - 1]]
        named = batch.rows[candidates - 1] == HANDLE_ROW
        roles: NDArray[np.uint16] = self._roles_by_pair.take(pairs | opens * _CLAUSE_OPENS | named * _AFTER_A_NAME)
        return roles


def _starts(batch: TokenBatch, roles: NDArray[np.uint16]) -> NDArray[np.intp]:
    """Return where sentences begin."""
    ends = (roles & _END) != 0
    ends[1:-1] &= ((roles[:-2] & roles[2:]) & _NUMBER) == 0
    begins = batch.rows == 0
    begins[1:] |= ends[:-1]
    starts: NDArray[np.intp] = begins.nonzero()[0]
    return starts


@cache
def _roles_by_pair() -> NDArray[np.uint16]:
    """Return what `_role_of_pair` says, for all that a word and the next one make, wherever they stand."""
    return np.array([_role_of_pair(pair) for pair in range(256)], np.uint16)


def _role_of_pair(pair: int) -> int:
    """Return what a word says of its sentence that makes so much with the next one."""
    opens = pair & _CLAUSE_OPENS
    role = 0
    if pair & _UNMARKED or (opens and pair & _MARKED_OPENING):
        role |= _FORM
    if pair & _TURN or (opens and (pair & _OPENING or (pair & _UNLESS_NAMED and not pair & _AFTER_A_NAME))):
        role |= _OPENS
    if pair & _SURPRISED:
        role |= _SURPRISE
    return role | _MOCKERY if pair & _FOR_SHOW else role


@cache
def _decisions() -> NDArray[np.bool_]:
    """Return what `_asks` says, for all that can be said of a sentence."""
    return np.array([_asks(said) for said in range(_END)])


def _asks(said: int) -> bool:
    """Say whether a sentence asks of which its tokens say so much."""
    if said & _FOREIGN:
        return bool(said & (_MARKED | _OPENS))
    if said & _MOCKERY or not said & (_SAID | _PLEA):
        return False
    if said & _OPENS or (said & _MARKED and said & (_FORM | _PLEA)):
        return True
    if not said & _ASKED or said & _SURPRISE:
        return False
    return bool(said & _FRENCH or (said & _LAST and (said & _LIKELY or not said & _NO_SENTENCE)))


def _roles(tokens: Sequence[Token]) -> list[int]:
    return [_role(token) for token in tokens]


def _role(token: Token) -> int:
    if token.kind is Kind.MARK:
        asked = not _QUESTION_MARKS.isdisjoint(token.text)
        mark = (_ASKED if len(token.text) == 1 else _EXCLAIMED) if asked else 0
        return mark | (0 if _ENDS.isdisjoint(token.text) else _END)
    if token.kind is not Kind.WORD:
        return _NUMBER if token.kind is Kind.NUMBER else 0
    word = token.lower
    role = 0 if word in words.CLOSINGS else _SAID
    if word in words.INTERROGATIVES:
        role |= _LIKELY
    if word in words.ALTERNATIVES or (word.endswith(words.INVERSIONS) and word != "rendez-vous"):
        role |= _FORM
    if word in words.PLEAS:
        role |= _PLEA
    return role


def _places(tokens: Sequence[Token]) -> list[int]:
    """Return the place of each token among the leaders and among the followers, in one number."""
    leaders, followers = _LEADERS.get, _FOLLOWERS.get
    numbers = []
    for kind, _, lower, _ in tokens:
        if kind is Kind.WORD or kind is Kind.MARK:
            numbers.append(leaders(lower, 0) << _FOLLOWER_BITS | followers(lower, _OTHER))
        else:
            numbers.append((leaders("#", 0) if kind is Kind.HASHTAG else 0) << _FOLLOWER_BITS | _OTHER)
    return numbers


def _pairs() -> NDArray[np.uint8]:
    """Return what a leader and its follower make, one bit each."""
    pairs = np.zeros((len(_LEADERS) + 1, len(_FOLLOWERS) + 2), np.uint8)
    for flag, leaders in _PAIRS:
        for word, followers in leaders.items():
            allowed = [_FOLLOWERS[follower] for follower in followers] or slice(_OTHER, None)
            pairs[_LEADERS[word], allowed] |= flag
    return pairs
