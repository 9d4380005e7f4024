"""Mentions and documents for the tests of concerns."""

from random import Random

from hypothesis import strategies as st

from pipeline.concerns.document import Document
from pipeline.concerns.listener import Listener
from pipeline.postid import LONGEST
from schemas.mention import Mention, Sentiment, SentimentLabel
from schemas.tweet import TweetKind
from tests.pipeline.logs import mention

HOUR = 60
START = 29_540_000 - 29_540_000 % HOUR
"""Epoch minutes, the begin of an hour."""
WORDS = st.text(max_size=60) | st.sampled_from(["", " ", "\ud800", "\x00" * 9, "é" * 40, "\u200d", "a|b", "flight"])


def said(key: int, words: str = "", *, negative: bool = False, tags: str = "", mentions: int = 1) -> Document:
    """Return a document that says words."""
    return Document(
        key=key,
        flags=int(negative),
        tweet_id=str(10**18 + key),
        said=words,
        tags=tags,
        engagement=0,
        mentions=mentions,
    )


def mentions() -> st.SearchStrategy[Mention]:
    """Mentions of few texts by few posts, so that copies and the same post again are common."""
    return st.builds(
        lambda text, post, kind, label, engagement, phrases, tags: mention(
            cluster_key=text,
            tweet_id=post,
            kind=kind,
            sentiment=Sentiment(label=label, negative=300, neutral=400, positive=300),
            engagement=engagement,
            phrases=tuple(phrases),
            hashtags=tuple(tags),
            matched=("#fail", "acme airlines"),
        ),
        st.integers(-3, 30),
        st.sampled_from(["1", "2", "10", "x" * (LONGEST + 1), "é", ""]),
        st.sampled_from(TweetKind),
        st.sampled_from(SentimentLabel),
        st.integers(-5, 2**70),
        st.lists(WORDS | st.sampled_from(["lost", "lost bag", "bag", "crew"]), max_size=6),
        st.lists(WORDS | st.sampled_from(["fail", "acmeairlines", "boycottacme"]), max_size=3),
    )


def learnt(hours: int = 48, *, seed: int = 1) -> Listener:
    """Return the ear of a brand of a document every five minutes; a third say flight, a fifth coffee or thanks."""
    rng, listener = Random(seed), Listener()
    for minute in range(5, hours * HOUR + 1, 5):
        one = said(rng.getrandbits(32), ordinary(rng), negative=rng.random() < 0.2)
        listener.fold(START + minute, [one], 1, tense=False, usual=True)
    return listener


def ordinary(rng: Random) -> str:
    """Return what is said on an ordinary day."""
    words = ["flight"] * (rng.random() < 0.33) + ["coffee"] * (rng.random() < 0.2) + ["thanks"] * (rng.random() < 0.2)
    return "|".join((*words, f"word{rng.randrange(10**6)}"))
