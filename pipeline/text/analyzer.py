"""From tweets to what was read in them: the interface of analyzers, and the one that works by word lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.text.entities import entities_of
from pipeline.text.language import LanguageDetector
from pipeline.text.phrases import PhraseReader
from pipeline.text.questions import is_question
from pipeline.text.repeats import repeat_key
from pipeline.text.sentiment import SentimentReader
from pipeline.text.tokens import MAX_CHARS, clean, tokenize
from schemas.mention import Sentiment
from schemas.tweet import Tweet

__all__ = ["LexiconAnalyzer", "TextAnalysis", "TextAnalyzer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextAnalysis:
    """What was read in one tweet. Spelling and bounds of the lists are those of `schemas.mention.Mention`."""

    lang: str
    """Language code, ``und`` when undecided."""
    sentiment: Sentiment
    """Three probabilities and the label."""
    question: bool
    """It asks something."""
    phrases: tuple[str, ...]
    """1- and 2-grams without stop words, lower case, accents kept, by first appearance, at most 24. The brands'
    own names are among them: which are a brand's own depends on the brand."""
    hashtags: tuple[str, ...]
    """Lower case, without ``#``, at most 20."""
    handles: tuple[str, ...]
    """Lower case, without ``@``, at most 20."""
    cashtags: tuple[str, ...]
    """Upper case, without ``$``, at most 20."""
    urls: tuple[str, ...]
    """Expanded where the payload had them, at most 10."""
    emoji: tuple[str, ...]
    """In order of appearance, repeats kept, at most 20."""
    repeat_key: int
    """53-bit hash, equal for exact repeats."""


class TextAnalyzer(Protocol):
    """Reads tweets. Results are a function of the tweet alone: not of its batch, its place in it, or time."""

    name: str
    """Name and version: results may differ between analyzers of different names only."""

    def analyze(self, tweets: Sequence[Tweet]) -> list[TextAnalysis]:
        """Return one analysis a tweet, in order. Never raises on any text."""


_CACHE_SIZE = 4_096
"""Analyses remembered for exact repeats: a fifth of the tweets of a crisis, retweets aside."""

_Fields = tuple[str, str | None, tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class LexiconAnalyzer:
    """Reads tweets by word lists, English and French. Loads nothing before the first tweet."""

    name = "lexicon-1"

    def __init__(self) -> None:
        self._languages = LanguageDetector()
        self._sentiment: dict[str, SentimentReader] = {}
        self._phrases: dict[str, PhraseReader] = {}
        self._cache: dict[_Fields, TextAnalysis] = {}

    def analyze(self, tweets: Sequence[Tweet]) -> list[TextAnalysis]:
        """Return one analysis a tweet, in order. Never raises; reads the first 1,000 characters of a text."""
        return [self._cached(tweet) for tweet in tweets]

    def _cached(self, tweet: Tweet) -> TextAnalysis:
        if len(tweet.text) > MAX_CHARS:
            return self._analyze(tweet)
        fields = (tweet.text, tweet.lang, tweet.hashtags, tweet.mentions, tweet.cashtags, tweet.urls)
        analysis = self._cache.get(fields)
        if analysis is None:
            if len(self._cache) >= _CACHE_SIZE:
                del self._cache[next(iter(self._cache))]
            analysis = self._cache[fields] = self._analyze(tweet)
        return analysis

    def _analyze(self, tweet: Tweet) -> TextAnalysis:
        text = clean(tweet.text)
        tokens = tokenize(text)
        entities = entities_of(tweet, text, tokens)
        lang = self._languages.detect(tokens, tweet.lang)
        known = lang if lang in ("en", "fr", "und") else "other"
        if known not in self._sentiment:
            self._sentiment[known] = SentimentReader(known)
            self._phrases[known] = PhraseReader(known)
        return TextAnalysis(
            lang=lang,
            sentiment=self._sentiment[known].read(tokens, entities.emoji),
            question=is_question(tokens),
            phrases=self._phrases[known].read(tokens),
            hashtags=entities.hashtags,
            handles=entities.handles,
            cashtags=entities.cashtags,
            urls=entities.urls,
            emoji=entities.emoji,
            repeat_key=repeat_key(text, tokens),
        )
