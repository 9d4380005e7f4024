"""What people talk about, in words: concerns, hashtags, tweets worth reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.present.speech import Line, Mood, Speech
from schemas.crisis import Concern, Exemplar, Trend
from schemas.situation import RisingHashtag, Situation

__all__ = ["concerns", "hashtags", "worth_reading"]

_MOST_CONCERNS = 6
_MOST_TWEETS = 6


def concerns(
    found: Sequence[Concern], situation: Situation | None, speech: Speech, texts: Mapping[str, str]
) -> Iterator[Line]:
    """Yield the concerns, strongest first, and which are new and gone since the situation before."""
    if not found:
        yield Line("", speech.say("none_yet"), Mood.QUIET)
    for concern in found[:_MOST_CONCERNS]:
        shares = {"share": concern.share, "usual": concern.usual_share}
        said = speech.say(
            "concern_said",
            trend=speech.say(f"trend_{concern.trend}"),
            **{name: speech.language.share(value) for name, value in shares.items()},
        )
        yield Line(concern.phrase, said, Mood.BAD if concern.trend is Trend.RISING else Mood.PLAIN)
        if len(concern.phrases) > 1:
            yield Line("", speech.say("also", phrases=", ".join(concern.phrases[1:])), Mood.QUIET)
        yield from _tweets(concern.exemplars, speech, texts)
    if situation is not None and situation.previous_at is not None:
        if situation.concerns_new:
            yield Line(speech.say("new"), ", ".join(situation.concerns_new))
        if situation.concerns_gone:
            yield Line(speech.say("gone"), ", ".join(situation.concerns_gone))


def _tweets(ids: Sequence[str], speech: Speech, texts: Mapping[str, str]) -> Iterator[Line]:
    """Yield the texts that are known, or the IDs."""
    if any(tweet_id in texts for tweet_id in ids):
        for tweet_id in ids:
            yield Line("", f"{tweet_id}  {texts.get(tweet_id, '')}".rstrip(), Mood.QUIET)
    elif ids:
        yield Line("", speech.say("tweets", ids=", ".join(ids)), Mood.QUIET)


def hashtags(found: Sequence[RisingHashtag], speech: Speech) -> Iterator[Line]:
    """Yield the hashtags that rise, with the proposal to watch those that are not watched."""
    for hashtag in found:
        shares = {"share": hashtag.share, "usual": hashtag.usual_share}
        said = speech.say("hashtag_said", **{name: speech.language.share(value) for name, value in shares.items()})
        if not hashtag.on_watchlist:
            said = speech.say("hashtag_propose", said=said)
        yield Line(f"#{hashtag.hashtag}", said)


def worth_reading(exemplars: Sequence[Exemplar], speech: Speech, texts: Mapping[str, str]) -> Iterator[Line]:
    """Yield the tweets with most reactions."""
    for exemplar in exemplars[:_MOST_TWEETS]:
        yield Line("", speech.many("read_said", exemplar.engagement, id=exemplar.tweet_id))
        if exemplar.tweet_id in texts:
            yield Line("", texts[exemplar.tweet_id], Mood.QUIET)
