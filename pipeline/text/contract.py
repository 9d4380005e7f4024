"""What every model must hold to, as checks: for a team's own tests and for ``vigie models check``.

    def test_our_model_fits() -> None:
        assert check_sentiment_model(OurModel()) == []

A finding says in words which rule is broken and by what. Checks that would only repeat an earlier finding are left
out: a model without its method is told that and nothing more. Whether a fresh process answers alike, a running one
cannot tell; compare `fingerprint` of two (the command does).
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any

from pipeline.text.models import LanguageReader, ModelKind, SentimentModel, missing
from pipeline.text.plugged import ModelMisbehaves, PluggedLanguage, PluggedSentiment

__all__ = [
    "ODD_TEXTS",
    "ORDINARY_TEXTS",
    "check_language_model",
    "check_model",
    "check_sentiment_model",
    "fingerprint",
]

ORDINARY_TEXTS = (
    "my flight was cancelled and nobody answers the phone @united",
    "thank you so much, amazing service 😍",
    "the new store opens in Paris at nine https://t.co/x",
    "why is the app down AGAIN?!",
    "une honte, service client injoignable depuis ce matin",
    "merci beaucoup pour votre aide #top",
    "der Zug hat schon wieder eine Stunde Verspätung",
    "el vuelo sigue retrasado desde ayer",
    "o voo foi cancelado de novo",
    "RT @joe: il treno è ancora in ritardo",
    "ありがとうございます",
    "ok",
)
"""Texts as people post them."""

ODD_TEXTS: Mapping[str, str] = {
    "an empty text": "",
    "spaces only": " \t\n ",
    "a lone surrogate": "so late \ud83d again",
    "a NUL": "so \0 late",
    "control characters": "\x01\x02\x1b[31m\x7f\x85 late",
    "emoji only": "😡👩‍👩‍👧🇫🇷✈️",
    "right-to-left text": "الخدمة سيئة جدا \u202e!etal",
    "combining marks": "e\u0301" + "\u0301" * 500,
    "a link only": "https://t.co/x",
    "ten thousand words": "late " * 10_000,
}
"""Texts that break readers, by what they are."""

_HUGE = 1_000_000
"""Characters of the largest text."""
_MOST_SECONDS = 1.0
"""CPU time that one text may take at most, however long."""
_MOST_BYTES = 64 * 1024 * 1024
"""Memory that reading one text may take at most, as Python's allocator counts it (arrays of numpy included)."""
_MOST_KEPT = 2 * 1024 * 1024
"""What may be left of 40 texts of 100,000 characters each: a cache must not hold such texts."""

_Ask = Callable[[Sequence[str]], Any]
"""Asks a model about texts; raises `ModelMisbehaves`."""


def check_sentiment_model(model: SentimentModel) -> list[str]:
    """Return what a sentiment model does wrong, in words; empty when it fits."""
    return check_model(ModelKind.SENTIMENT, model)


def check_language_model(model: LanguageReader) -> list[str]:
    """Return what a language model does wrong, in words; empty when it fits."""
    return check_model(ModelKind.LANGUAGE, model)


def check_model(kind: ModelKind, model: SentimentModel | LanguageReader) -> list[str]:
    """Return what a model of a kind does wrong, in words; empty when it fits."""
    lacking = missing(kind, model)
    if lacking:
        return [f"the model is {lacking}"]
    first, *others = _asks(kind, model)
    try:
        first(ORDINARY_TEXTS)
    except ModelMisbehaves as error:
        return [f"ordinary texts: {error}"]
    findings = list(_odd_texts(first))
    if not findings:
        findings += _repeatability(first, _raw(kind, model))
        findings += _hints(kind, others)
    if not findings:
        findings += _bounds(first)
    return findings


def fingerprint(kind: ModelKind, model: SentimentModel | LanguageReader) -> str:
    """Return a hash of what a model answers; equal in every process for a model that fits.

    Raises
    ------
    ModelMisbehaves
        It does not answer at all.
    """
    answers = _asks(kind, model)[0](ORDINARY_TEXTS)
    return blake2b(repr(answers).encode(), digest_size=8).hexdigest()


def _asks(kind: ModelKind, model: Any) -> list[_Ask]:
    """Return ways to ask a model, each with another language or hint; the first with the most ordinary one."""
    guarded = PluggedSentiment(model) if kind is ModelKind.SENTIMENT else PluggedLanguage(model)
    wholes = ("en", *_LANGS) if kind is ModelKind.SENTIMENT else (None, *_HINTS)
    return [partial(_ask, guarded.read, whole) for whole in wholes]


def _ask(read: Callable[[Sequence[str], list[Any]], Any], beside: str | None, texts: Sequence[str]) -> Any:
    return read(texts, [beside] * len(texts))


_LANGS = ("fr", "und", "ja", "mul", "")
_HINTS = ("en", "pt-BR", "qme", "", "\ud800", "no language")


def _raw(kind: ModelKind, model: Any) -> Callable[[Sequence[str]], list[list[Any]]]:
    """Return how to ask without rounding: batches must not differ in the last digit either."""
    if kind is ModelKind.SENTIMENT:
        return lambda texts: [list(map(float, row)) for row in model.probabilities(texts, ["en"] * len(texts))]
    return lambda texts: [[code] for code in model.languages(texts, [None] * len(texts))]


def _odd_texts(ask: _Ask) -> Iterator[str]:
    """Check that any text gets an answer."""
    for what, text in ODD_TEXTS.items():
        try:
            ask([text])
        except ModelMisbehaves as error:
            yield f"{what}: {error}"


def _repeatability(ask: _Ask, raw: Callable[[Sequence[str]], list[list[Any]]]) -> Iterator[str]:
    """Check that an answer depends on its text alone: not on time, on the batch, or on the place in it."""
    texts = [*ORDINARY_TEXTS, *ODD_TEXTS.values()]
    ask(texts)
    batch = raw(texts)
    if raw(texts) != batch:
        yield "asked twice, it answers differently: a replay would not give what the live pipeline gave"
        return
    if [answer for text in texts for answer in raw([text])] != batch:
        yield (
            "a text read alone is not answered as the same text in a batch, to the last digit: read texts one by one, "
            "or round what batched arithmetic leaves"
        )
    elif raw(texts[::-1])[::-1] != batch:
        yield "the order of a batch changes its answers"


def _hints(kind: ModelKind, asks: Sequence[_Ask]) -> Iterator[str]:
    """Check that any language or hint gets an answer."""
    whats = [("language", lang) for lang in _LANGS] if kind is ModelKind.SENTIMENT else [("hint", h) for h in _HINTS]
    for (what, value), ask in zip(whats, asks, strict=True):
        try:
            ask(ORDINARY_TEXTS)
        except ModelMisbehaves as error:
            yield f"with the {what} {value!a}: {error}"


def _bounds(ask: _Ask) -> Iterator[str]:
    """Check that time and memory for one text are bounded, however long it is, and that nothing is kept of it."""
    for unit in ("a", "é ", "#😡"):
        for chars in (_HUGE // 100, _HUGE // 10, _HUGE):
            text = unit * (chars // len(unit))
            started = time.process_time()
            try:
                ask([text])
            except ModelMisbehaves as error:
                yield f"a text of {chars:,} characters: {error}"
                return
            took = time.process_time() - started
            if took > _MOST_SECONDS:
                yield f"a text of {chars:,} characters takes {took:.1f} s of CPU time, more than {_MOST_SECONDS:.0f} s"
                return
    yield from _memory(ask)


def _memory(ask: _Ask) -> Iterator[str]:
    running = tracemalloc.is_tracing()
    tracemalloc.start()
    tracemalloc.reset_peak()
    try:
        before = tracemalloc.get_traced_memory()[0]
        ask(["a" * _HUGE])
        peak = tracemalloc.get_traced_memory()[1] - before
        if peak > _MOST_BYTES:
            yield f"a text of {_HUGE:,} characters takes {peak >> 20} MB of memory, more than {_MOST_BYTES >> 20} MB"
        before = tracemalloc.get_traced_memory()[0]
        for number in range(40):
            ask([str(number) + "a" * (_HUGE // 10)])
        kept = tracemalloc.get_traced_memory()[0] - before
        if kept > _MOST_KEPT:
            yield f"{kept >> 20} MB are kept of 40 long texts: a cache must be bounded in bytes, not in texts alone"
    finally:
        if not running:
            tracemalloc.stop()
