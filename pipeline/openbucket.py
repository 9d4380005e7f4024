"""A bucket of a brand that may still receive mentions. Everything folded into it commutes to the bit."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Collection, Sequence
from typing import Any

from pipeline.authors import REGISTERS, add, dump_registers, load_registers
from pipeline.concerns.sample import DocumentSample
from pipeline.posters import MOST_AUTHOR, dump_authors
from pipeline.postid import is_keepable
from pipeline.repeats import CELLS
from pipeline.situation.ownposts import OwnMinute
from pipeline.situation.threads import ThreadSample, is_question_to_the_brand
from schemas.crisis import Exemplar
from schemas.mention import Mention, SentimentLabel
from schemas.tweet import TweetKind

__all__ = ["OTHER_LANGUAGES", "OpenBucket", "is_language"]

OTHER_LANGUAGES = "other"
"""Where a language counts whose code is neither two small letters nor `und`: so there is a bound on them."""
_LONGER = ("und", OTHER_LANGUAGES)
_EXEMPLARS = 3
_QUESTIONS = 24
_COUNTS_BEFORE = 7
"""State before version 3 did not tell negative retweets apart; in the minute that is open it need not."""
_MOST_REACH = (1 << 31) - 1
"""No account has more followers; sums stay below 2**63 whatever the payload says."""
_MOST_ENGAGEMENT = (1 << 53) - 1
_CELL = tuple(1 << cell for cell in range(CELLS))
# As globals: looking a member up in its class costs as much as a count.
_NEGATIVE, _NEUTRAL, _RETWEET = SentimentLabel.NEGATIVE, SentimentLabel.NEUTRAL, TweetKind.RETWEET


class OpenBucket:
    """Counts, sketches, samples of one minute of one brand: sums, maxima, unions and bottom-k only."""

    __slots__ = (
        "asked",
        "authors",
        "documents",
        "exemplars",
        "hashes",
        "languages",
        "negative",
        "negative_authors",
        "negative_retweets",
        "neutral",
        "own",
        "own_posts",
        "posters",
        "questions",
        "reach",
        "retweets",
        "stored",
        "texts",
        "volume",
    )

    def __init__(self) -> None:
        self.volume = 0
        self.negative = 0
        self.neutral = 0
        self.retweets = 0
        self.negative_retweets = 0
        self.questions = 0
        self.reach = 0
        self.own_posts = 0
        """Posts of the brand's own accounts: in none of the other counts."""
        self.languages: dict[str, int] = {}
        self.authors = bytearray(REGISTERS)
        """HyperLogLog sketch (`pipeline.authors`)."""
        self.negative_authors = bytearray(REGISTERS)
        """The same of who wrote what is negative and no retweet."""
        self.texts = 0
        """Bitmap of the texts that are no retweets (`pipeline.repeats`)."""
        self.exemplars: list[tuple[int, str]] = []
        """(engagement, tweet ID), highest first."""
        self.documents = DocumentSample()
        """What was said (`pipeline.concerns`)."""
        self.asked: ThreadSample | None = None
        """Questions put to the brand; none until there is one."""
        self.own: OwnMinute | None = None
        """What the brand's own accounts posted; none until they did."""
        self.posters: dict[str, int] = {}
        """Keyed hash of the author of each post that is named, and of some that were; 0 when not known."""
        self.stored: list[Any] | None = None
        """The state, while it has not changed."""
        self.hashes = b""
        """Beside it, the hashes of the authors of the posts that it names, in the order of the IDs."""

    def fold(self, mention: Mention) -> None:  # noqa: C901 - the hot path
        """Count a mention."""
        self.stored = None
        if mention.official:
            self.own_posts += 1
            self._fold_own(mention)
            return
        self.volume += 1
        label = mention.sentiment.label
        if label == _NEGATIVE:
            self.negative += 1
        elif label == _NEUTRAL:
            self.neutral += 1
        if mention.question:
            self.questions += 1
            self._fold_question(mention)
        reach = mention.reach
        if reach > 0:
            self.reach += reach if reach < _MOST_REACH else _MOST_REACH  # noqa: FURB136 - min() costs three times as much
        if mention.kind == _RETWEET:
            self.retweets += 1
            self.negative_retweets += label == _NEGATIVE
        else:
            self.texts |= _CELL[(mention.cluster_key or mention.repeat_key) % CELLS]
            if label == _NEGATIVE:
                add(self.negative_authors, mention.author)
        lang, languages = mention.lang, self.languages
        count = languages.get(lang)
        if count is None:
            if not is_language(lang):
                lang = OTHER_LANGUAGES
            count = languages.get(lang, 0)
        languages[lang] = count + 1
        add(self.authors, mention.author)
        if self.documents.add(mention):
            self._note(mention)
        best = self.exemplars
        if len(best) < _EXEMPLARS or mention.engagement >= best[-1][0] or not best[-1][0]:
            self._fold_exemplar(mention)

    def _note(self, mention: Mention) -> None:
        self.posters[mention.tweet_id] = mention.author & MOST_AUTHOR

    def _fold_question(self, mention: Mention) -> None:
        if mention.kind == _RETWEET or not is_question_to_the_brand(mention):
            return
        if self.asked is None:
            self.asked = ThreadSample(_QUESTIONS)
        if self.asked.ask(mention):
            self._note(mention)

    def _fold_own(self, mention: Mention) -> None:
        if self.own is None:
            self.own = OwnMinute()
        self.own.fold(mention)
        self._note(mention)

    def _fold_exemplar(self, mention: Mention) -> None:
        entry = (min(max(mention.engagement, 0), _MOST_ENGAGEMENT), mention.tweet_id)
        best = self.exemplars
        if len(best) == _EXEMPLARS and entry <= best[-1]:
            return
        if entry in best or not is_keepable(entry[1]):
            return
        best.append(entry)
        best.sort(reverse=True)
        del best[_EXEMPLARS:]
        self._note(mention)

    def exemplar_tweets(self) -> tuple[Exemplar, ...]:
        """Return the tweets with the most engagement, highest (engagement, ID) first."""
        return tuple(Exemplar(tweet_id=tweet_id, engagement=n) for n, tweet_id in self.exemplars)

    def named(self) -> set[str]:
        """Return the IDs of the posts that it names."""
        names = set(self.documents.named())
        names.update([tweet_id for _, tweet_id in self.exemplars])
        if self.asked is not None:
            names.update(self.asked.named())
        if self.own is not None:
            names.update(self.own.posts.named())
        return names

    def forget(self, gone: Collection[str]) -> None:
        """Name these posts no more; they stay counted."""
        self.stored = None
        self.exemplars = [one for one in self.exemplars if one[1] not in gone]
        self.documents.forget(gone)
        if self.asked is not None:
            self.asked.forget(gone)
        if self.own is not None:
            self.own.posts.forget(gone)
        for tweet_id in gone:
            self.posters.pop(tweet_id, None)

    def state(self) -> list[Any]:
        """Return the bucket as JSON has it, its sketches as text; who wrote what it names is beside it, in `hashes`."""
        if self.stored is None:
            self.stored = self._state()
            self.hashes = dump_authors([self.posters.get(tweet_id, 0) for tweet_id in sorted(self.named())])
        return self.stored

    def _state(self) -> list[Any]:
        return [
            [
                self.volume,
                self.negative,
                self.neutral,
                self.retweets,
                self.questions,
                self.reach,
                self.own_posts,
                self.negative_retweets,
            ],
            self.languages,
            dump_registers(self.authors),
            b64encode(self.texts.to_bytes(CELLS // 8, "little")).decode("ascii") if self.texts else "",
            self.exemplars,
            self.documents.state(),
            None if self.asked is None else self.asked.state(),
            None if self.own is None else self.own.state(),
            dump_registers(self.negative_authors),
        ]

    @classmethod
    def restore(cls, state: Sequence[Any]) -> OpenBucket:
        """Return the bucket that gave a state; ``TypeError`` or ``ValueError`` when it is none."""
        counts, languages, authors, texts, exemplars, documents, asked, own, negative_authors = state
        if len(counts) == _COUNTS_BEFORE:
            counts = [*counts, 0]
        if not all(type(n) is int and 0 <= n <= _MOST_REACH for n in (*counts[:5], *counts[6:], *languages.values())):
            raise TypeError("not a count")
        if type(counts[5]) is not int or not 0 <= counts[5] < 1 << 62:
            raise TypeError("not a sum of followers")
        if counts[0] != sum(languages.values()) or not all(map(is_language, languages)):
            raise ValueError("not the languages of so many mentions")
        bucket = cls()
        (
            bucket.volume,
            bucket.negative,
            bucket.neutral,
            bucket.retweets,
            bucket.questions,
            bucket.reach,
            bucket.own_posts,
            bucket.negative_retweets,
        ) = counts
        bucket.languages = dict(languages)
        bucket.authors = load_registers(authors)
        bucket.negative_authors = load_registers(negative_authors)
        bucket.texts = int.from_bytes(b64decode(texts, validate=True), "little")
        if bucket.texts.bit_length() > CELLS:
            raise ValueError("not a bitmap")
        bucket.exemplars = [(_engagement(n), str(tweet_id)) for n, tweet_id in exemplars]
        bucket.documents = DocumentSample.restore(documents)
        bucket.asked = None if asked is None else ThreadSample.restore(asked, _QUESTIONS)
        bucket.own = None if own is None else OwnMinute.restore(own)
        bucket.posters = dict.fromkeys(sorted(bucket.named()), 0)
        return bucket


def is_language(code: str) -> bool:
    """Whether a code counts under its own name: two small letters, `und`, or what all others count as."""
    if len(code) == 2:
        return code.isascii() and code.isalpha() and code.islower()
    return code in _LONGER


def _engagement(value: object) -> int:
    if type(value) is int and 0 <= value <= _MOST_ENGAGEMENT:
        return value
    raise TypeError("not an engagement")
