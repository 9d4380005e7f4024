"""From tweets to what was read in them: the interface of analyzers, and Vigie's own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from pipeline.text import tone
from pipeline.text.entities import Entities, EntityReader
from pipeline.text.language import VocabularyLanguage
from pipeline.text.models import LanguageReader, SentimentModel
from pipeline.text.phrases import PhraseReader
from pipeline.text.plugged import PluggedLanguage, PluggedSentiment
from pipeline.text.questions import QuestionReader
from pipeline.text.repeats import RepeatReader
from pipeline.text.sentiment import PolarityModel, load_model
from pipeline.text.sentiment.reader import VocabularySentiment
from pipeline.text.tokens import clean
from pipeline.text.vocabulary import TokenBatch, Vocabulary
from schemas.mention import Sentiment
from schemas.tweet import Tweet

__all__ = ["StandardAnalyzer", "TextAnalysis", "TextAnalyzer"]


class TextAnalysis(NamedTuple):
    """What was read in one tweet. Spelling and bounds of the lists are those of `schemas.mention.Mention`."""

    lang: str
    """Language code, ``und`` when undecided."""
    sentiment: Sentiment
    """Three probabilities and the label."""
    question: bool
    """It asks something and its author could expect an answer (`pipeline.text.questions`)."""
    phrases: tuple[str, ...]
    """1- and 2-grams without stop words, lower case, accents kept, by first appearance, at most 24. The brands'
    own names are among them: which are a brand's own depends on the brand."""
    entities: Entities
    """Hashtags, handles, cashtags, links, emoji."""
    repeat_key: int
    """53-bit hash, equal for exact repeats."""
    cluster_key: int
    """53-bit hash, equal for exact repeats and most near ones."""


class TextAnalyzer(Protocol):
    """Reads tweets. Results are a function of the tweet alone: not of its batch, its place in it, or time."""

    name: str
    """Name and version: results may differ between analyzers of different names only."""

    def analyze(self, tweets: Sequence[Tweet]) -> list[TextAnalysis]:
        """Return one analysis a tweet, in order. Never raises on any text."""


_CACHE_SIZE = 4_096
"""Analyses remembered for exact repeats: a fifth of the tweets of a crisis, retweets aside."""
_MOST_LINKS = 2
"""A tweet with more is not remembered: fifty links of 2,000 characters each would make its key 100 KB."""

_Fields = tuple[str, str | None, tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class StandardAnalyzer:
    """Reads tweets by rows of a vocabulary. Loads nothing before the first tweet.

    Parameters
    ----------
    sentiment : SentimentModel or PolarityModel, optional
        A team's own, instead of the one that comes with Vigie: any model, which is given cleaned texts and their
        languages, or one that `vigie train` made.
    language : LanguageReader, optional
        A team's own, instead of Vigie's. It is given cleaned texts and what the platform says of each.
    """

    def __init__(
        self, *, sentiment: SentimentModel | PolarityModel | None = None, language: LanguageReader | None = None
    ) -> None:
        self.name = "+".join(["standard-1", *[model.name for model in (language, sentiment) if model]])
        self._models = sentiment, language
        self._cache: dict[_Fields, TextAnalysis] = {}
        self._parts: _Readers | None = None

    def analyze(self, tweets: Sequence[Tweet]) -> list[TextAnalysis]:
        """Return one analysis a tweet, in order; reads the first 1,000 characters of a text.

        Raises
        ------
        pipeline.text.plugged.ModelMisbehaves
            A team's own model failed on the batch.
        """
        cache = self._cache
        keys = [(clean(t.text), t.lang, t.hashtags, t.mentions, t.cashtags, t.urls) for t in tweets]
        known = list(map(cache.get, keys))
        new = {key: tweet for key, tweet, analysis in zip(keys, tweets, known, strict=True) if analysis is None}
        if new:
            cache.update(zip(new, self._read([key[0] for key in new], list(new.values())), strict=True))
        analyses = [analysis or cache[key] for analysis, key in zip(known, keys, strict=True)]
        for key in new:
            if len(key[5]) > _MOST_LINKS:
                del cache[key]
        for key in list(islice(cache, max(0, len(cache) - _CACHE_SIZE))):
            del cache[key]
        return analyses

    def forget(self) -> None:
        """Drop the analyses that are remembered with their texts, and the words. Results do not depend on it."""
        self._cache.clear()
        if self._parts is not None:
            self._parts.vocabulary.forget()
        tone.forget()

    def readers(self) -> _Readers:
        """Return the readers, made and loaded at first use."""
        if self._parts is None:
            self._parts = _Readers(*self._models)
        return self._parts

    def _read(self, texts: Sequence[str], tweets: Sequence[Tweet]) -> list[TextAnalysis]:
        parts = self.readers()
        batch = parts.vocabulary.read(texts)
        langs = parts.languages(batch, texts, [tweet.lang for tweet in tweets])
        return list(
            map(
                TextAnalysis,
                langs,
                parts.sentiments(batch, texts, langs),
                parts.questions.read(batch, langs).tolist(),
                parts.phrases.read(batch, langs),
                parts.entities.read(batch, texts, tweets),
                *parts.repeats.read(batch, texts),
            )
        )


class _Readers:
    """The readers of one analyzer, and the vocabulary that they share."""

    def __init__(self, sentiment: SentimentModel | PolarityModel | None, language: LanguageReader | None) -> None:
        self.vocabulary = Vocabulary()
        self.language: VocabularyLanguage | PluggedLanguage
        self.language = PluggedLanguage(language) if language else VocabularyLanguage(self.vocabulary)
        self.sentiment: VocabularySentiment | PluggedSentiment
        if sentiment is None or isinstance(sentiment, PolarityModel):
            self.sentiment = VocabularySentiment(sentiment or load_model(), self.vocabulary)
        else:
            self.sentiment = PluggedSentiment(sentiment)
        self.questions = QuestionReader(self.vocabulary)
        self.phrases = PhraseReader(self.vocabulary)
        self.entities = EntityReader(self.vocabulary)
        self.repeats = RepeatReader(self.vocabulary)

    def languages(self, batch: TokenBatch, texts: Sequence[str], hints: Sequence[str | None]) -> list[str]:
        """Return the language code of each text."""
        reader = self.language
        return reader.read(texts, hints) if isinstance(reader, PluggedLanguage) else reader.read(batch, hints)

    def sentiments(self, batch: TokenBatch, texts: Sequence[str], langs: Sequence[str]) -> list[Sentiment]:
        """Return the sentiment of each text."""
        reader = self.sentiment
        return reader.read(texts, langs) if isinstance(reader, PluggedSentiment) else reader.read(batch, langs)
