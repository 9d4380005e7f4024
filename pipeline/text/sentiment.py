"""Sentiment by word lists: weights of words and emoji, bent by the words around them, made probabilities.

The rules are those every lexicon reader since Taboada et al. (Lexicon-based methods for sentiment analysis,
Computational Linguistics 37(2), 2011) has had; words, weights and constants are our own, set by hand and
fitted to no data set.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from pipeline.text.lexicon import Lexicon, Phrases, Role, load, load_emoji, without_accents
from pipeline.text.tokens import BoundedTable, Kind, Token
from schemas.mention import Sentiment, SentimentLabel

__all__ = ["SentimentReader", "probabilities"]

_NEGATION_SCOPE = 3
"""Words after a negator whose weight it turns."""
_NEGATED_GOOD, _NEGATED_BAD = -0.7, -0.4
"""What is left of a negated weight: "not good" is bad, "not bad" is faintly good."""
_BARE_NEGATION = 0.5
"""Negative weight of a negator that turns no word: "they won't answer"; at most two count."""
_STRENGTHENED, _WEAKENED, _DEGREE_SCOPE = 1.3, 0.7, 2
"""Factor of "very" and "slightly", and the words after them it reaches."""
_SHOUTED, _STRETCHED = 1.2, 1.15
"""Factor of ALL CAPS, and of "sooooo"."""
_BEFORE_BUT, _AFTER_BUT = 0.6, 1.2
_BANG, _MAX_BANGS = 0.08, 4
"""What each "!" adds to the whole, as a share, and how many count."""
_BANG_CHEER = 0.3
"""Positive weight of "!" where nothing negative is said."""
_WITH_URL = 0.85
"""Factor of the whole where a link is: news more than feeling."""
_MAX_EMOJI = 4

_HALF = 9.0
"""Squared net weight at which the net is worth 1/sqrt(2) of its limit."""
_SLOPE, _NEUTRAL_LEAD, _MIXED = 3.2, 0.9, 0.3
"""Log-odds of a wholly one-sided text, of neutral over the others at no weight, and of negative for each
unit of weight that stands against an equal one: praise in a complaint is mostly courtesy or irony."""

_MIN_FOREIGN_CHARS = 5
"""English words counted in other languages: short ones are other words there (German "die", "war")."""

_STRETCH = re.compile(r"(\w)\1{2,}")
_CAMEL = re.compile(r"[A-Z]?[a-zà-ÿ]+|[A-Z]+(?![a-zà-ÿ])|\d+")
_REPEATED_MOUTH = re.compile(r"([)(\]\[DPp/\\|3*])\1+")
_NOT_EMOJI = dict.fromkeys((0xFE0F, *range(0x1F3FB, 0x1F400)))


class _Word(NamedTuple):
    """What the lexicon says of a token."""

    weight: float = 0.0
    role: Role | None = None
    phrases: Phrases = MappingProxyType({})


_PAUSE = _Word(role=Role.PAUSE)
_NO_WORD = _Word()


@dataclass(slots=True)
class _Tally:
    """Weight gathered while reading a tweet from left to right. Places are indices of tokens."""

    good: float = 0.0
    bad: float = 0.0
    negated_to: int = -1
    """Last place that the last negator reaches."""
    bare: int = 0
    """Negators that have turned no word."""
    degree: float = 1.0
    degree_to: int = -1
    """Last place that the last word of degree reaches."""
    clause: float = 1.0
    """`_AFTER_BUT` once the tweet has turned."""
    praise: float = 0.0
    praise_at: int = -2
    """The last good word that was not negated: a French "pas" right after it takes it back."""

    def add(self, place: int, weight: float) -> None:
        """Add the weight of a word under what came before it."""
        value = weight * self.clause
        if place <= self.degree_to:
            value *= self.degree
        if place <= self.negated_to:
            value *= _NEGATED_GOOD if value > 0 else _NEGATED_BAD
            self.bare = max(0, self.bare - 1)
        elif value > 0:
            self.praise, self.praise_at = value, place
        if value > 0:
            self.good += value
        else:
            self.bad -= value

    def act(self, place: int, role: Role) -> None:
        """Let a word act on those that follow."""
        match role:
            case Role.NEGATOR:
                self.negated_to, self.bare = place + _NEGATION_SCOPE, self.bare + 1
            case Role.HALF_NEGATOR:  # French "ne": a "pas" will follow, and that one counts
                self.negated_to = place + _NEGATION_SCOPE
            case Role.LATE_NEGATOR:
                self.negated_to = place + _NEGATION_SCOPE
                if self.praise_at == place - 1:
                    self.good -= self.praise
                    self.bad -= self.praise * _NEGATED_GOOD
                    self.praise_at = -2
                else:
                    self.bare += 1
            case Role.INTENSIFIER | Role.DIMINISHER:
                self.degree = _STRENGTHENED if role is Role.INTENSIFIER else _WEAKENED
                self.degree_to = place + _DEGREE_SCOPE
            case Role.CONTRAST:
                self.good *= _BEFORE_BUT
                self.bad *= _BEFORE_BUT
                self.clause, self.negated_to, self.degree_to = _AFTER_BUT, -1, -1
            case Role.PAUSE:
                self.negated_to = self.degree_to = -1


class SentimentReader:
    """Reads the sentiment of tweets of one language.

    Parameters
    ----------
    lang : str
        ``en`` and ``fr`` have a lexicon; ``und`` takes both; any other language the longer English words,
        which much of the world's marketing and swearing is made of. Emoji and emoticons count in all.
    """

    def __init__(self, lang: str) -> None:
        names = {"fr": ("fr",), "und": ("en", "fr")}.get(lang, ("en",))
        self._lexicons: tuple[Lexicon, ...] = tuple(load(name) for name in names)
        self._foreign = lang not in ("en", "fr", "und")
        self._faces = load_emoji()
        self._words: BoundedTable[_Word] = BoundedTable(self._look_up)

    def read(self, tokens: Sequence[Token], emoji: Sequence[str]) -> Sentiment:
        """Return the sentiment of a tokenised tweet. Deterministic; nothing is remembered of a tweet."""
        good, bad = self.weigh(tokens, emoji)
        return probabilities(good, bad)

    def weigh(self, tokens: Sequence[Token], emoji: Sequence[str]) -> tuple[float, float]:
        """Return the weight of what is good and of what is bad in a tweet, both from 0."""
        tally = _Tally()
        spoken = [token for token in tokens if not token.entity or token.kind is Kind.HASHTAG]
        words = [self._words[token.text] for token in spoken]
        taken_to = -1
        for place, word in enumerate(words):
            if word is not _NO_WORD and place > taken_to:
                taken_to = _take(tally, words, spoken, place)
        for face in emoji[:_MAX_EMOJI]:
            weight = self._faces.get(face.translate(_NOT_EMOJI)[:1], 0.0)
            tally.good += max(weight, 0.0)
            tally.bad -= min(weight, 0.0)
        return _whole(tally, tokens)

    def _look_up(self, raw: str) -> _Word:
        """Work out what the lexicon says of a token as written."""
        if raw[0] == "#":
            parts = [self._word(part.lower()).weight for part in _CAMEL.findall(raw[1:])]
            weight = sum(parts) if len(parts) > 1 else self._word(raw[1:].lower()).weight
            return _Word(weight=max(-3.0, min(3.0, weight))) if weight else _NO_WORD
        if not (raw[0].isalnum() or raw[0] == "_") or raw in self._faces:
            if raw.strip(".!?…؟？！。,;:\n") == "":
                return _PAUSE
            weight = self._faces.get(_REPEATED_MOUTH.sub(r"\1", raw), 0.0)
            return _Word(weight=weight) if weight else _NO_WORD
        word = self._word(raw.lower())
        if word.weight and len(raw) > 2 and raw.isupper():
            word = word._replace(weight=word.weight * _SHOUTED)
        return word

    def _word(self, lower: str) -> _Word:
        """Look a lower-case word up: as it stands, without elision, unstretched, without accents, in parts."""
        elided, apostrophe, rest = lower.partition("'")
        if apostrophe and elided == "n" and any("ne" in lexicon.roles for lexicon in self._lexicons):
            word = self._word(rest)
            return _Word(weight=word.weight * _NEGATED_GOOD if word.weight > 0 else word.weight, role=Role.HALF_NEGATOR)
        bases = [lower, *([rest, elided] if apostrophe else ())]
        for base in bases:
            for factor, form in _forms(base):
                found = self._exact(form)
                if found is not _NO_WORD:
                    return found._replace(weight=found.weight * factor)
        if "-" in lower:
            weights = [self._exact(part).weight for part in lower.split("-")]
            weight = max(-3.0, min(3.0, sum(weights)))
            return _Word(weight=weight) if weight else _NO_WORD
        return _NO_WORD

    def _exact(self, form: str) -> _Word:
        if self._foreign and len(form) < _MIN_FOREIGN_CHARS:
            return _NO_WORD
        for lexicon in self._lexicons:
            weight, role = lexicon.weights.get(form, 0.0), lexicon.roles.get(form)
            phrases = lexicon.phrases.get(form, _NO_WORD.phrases)
            if weight or role or phrases:
                return _Word(weight, role, phrases)
        return _NO_WORD


def _take(tally: _Tally, words: Sequence[_Word], spoken: Sequence[Token], place: int) -> int:
    """Take a word that the lexicon knows, with the phrase it opens; return the last place taken."""
    word = words[place]
    ahead = place + 1 < len(words)
    if ahead and word.phrases and (second := spoken[place + 1].lower) in word.phrases:
        for rest, weight in word.phrases[second]:
            if rest == tuple([token.lower for token in spoken[place + 2 : place + 2 + len(rest)]]):
                tally.add(place, weight)
                return place + 1 + len(rest)
    bends_next = word.role and ahead and words[place + 1].weight
    if word.weight and not bends_next:
        tally.add(place, word.weight)
    if word.role and (bends_next or not word.weight or word.role is Role.CONTRAST):
        tally.act(place, word.role)
    return place


def _forms(word: str) -> list[tuple[float, str]]:
    """Return the spellings to try, each with the factor its writing earns."""
    forms = [(1.0, word)]
    if _STRETCH.search(word):
        forms += [(_STRETCHED, _STRETCH.sub(r"\1\1", word)), (_STRETCHED, _STRETCH.sub(r"\1", word))]
    if not word.isascii():
        forms.append((1.0, without_accents(word)))
    return forms


def _whole(tally: _Tally, tokens: Sequence[Token]) -> tuple[float, float]:
    """Return the weights with what concerns the whole tweet: bare negation, exclamation marks, links."""
    good, bad = max(tally.good, 0.0), max(tally.bad, 0.0)
    bad += _BARE_NEGATION * min(tally.bare, 2)
    bangs = sum([token.text.count("!") for token in tokens if token.kind is Kind.MARK])
    if bangs and bad == 0:
        good += _BANG_CHEER
    factor = 1 + _BANG * min(bangs, _MAX_BANGS)
    if Kind.URL in [token.kind for token in tokens]:
        factor *= _WITH_URL
    return good * factor, bad * factor


_LABELS = tuple(SentimentLabel)


def probabilities(good: float, bad: float) -> Sentiment:
    """Turn weights into three probabilities in thousandths, whose sum is 1000.

    A softmax over the net weight, squashed so that a rant is as sure as ten rants. Of equal probabilities the
    label is negative before neutral before positive; so are thousandths handed out that rounding left over.

    >>> probabilities(0.0, 0.0).label
    <SentimentLabel.NEUTRAL: 'neutral'>
    """
    net = good - bad
    lean = _SLOPE * net / math.sqrt(net * net + _HALF)
    odds = (
        math.exp(-lean - _NEUTRAL_LEAD + _MIXED * min(good, bad, 4.0)),
        1.0,
        math.exp(lean - _NEUTRAL_LEAD),
    )
    total = sum(odds)
    shares = [1000 * part / total for part in odds]
    counts = [int(share) for share in shares]
    left_over = 1000 - sum(counts)
    if left_over:
        for i in sorted(range(3), key=lambda k: counts[k] - shares[k])[:left_over]:
            counts[i] += 1
    negative, neutral, positive = counts
    label = _LABELS[counts.index(max(counts))]
    return Sentiment(label=label, negative=negative, neutral=neutral, positive=positive)
