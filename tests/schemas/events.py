"""One example of every event, for tests of the contracts."""

from __future__ import annotations

from schemas import (
    Concern,
    CrisisEvent,
    CrisisEventType,
    DeadLetter,
    DeadLetterReason,
    Detection,
    Evidence,
    Exemplar,
    Gap,
    Level,
    Mention,
    Origin,
    Sentiment,
    SentimentLabel,
    Tweet,
    Watermark,
    WindowClosed,
    WindowCounts,
)
from schemas.codec import encode
from schemas.crisis import Decision, Law, Signal, ToLearn, WindowScore
from schemas.ids import crisis_event_id, crisis_id, mention_id, window_id
from schemas.times import from_rfc3339

NOON = "2026-03-02T12:00:00Z"
NOON_MS = from_rfc3339(NOON)

COUNTS = WindowCounts(
    volume=12,
    negative=7,
    neutral=3,
    positive=2,
    authors=11,
    reach=4200,
    questions=4,
    retweets=1,
    negative_retweets=0,
    repeats=0,
    languages={"en": 11, "fr": 1},
)
MENTION = Mention(
    id=mention_id("acme", "x", "1"),
    brand="acme",
    tweet_id="1",
    time_ms=NOON_MS,
    origin=Origin(partition=0, offset=7),
    author=123,
    sentiment=Sentiment(label=SentimentLabel.NEGATIVE, negative=700, neutral=200, positive=100),
    matched=("@acme",),
)
WINDOW = WindowClosed(
    id=window_id("acme", NOON_MS),
    brand="acme",
    window_end=NOON,
    observed=True,
    windows=dict.fromkeys(("1m", "5m", "15m", "1h", "6h", "24h"), COUNTS),
    own_posts_24h=0,
    detection=Detection(
        level=Level.WATCH,
        score=3.2,
        expected_1h=5.0,
        low_1h=1.0,
        high_1h=11.0,
        negative_share_expected=0.3,
        learning=1.0,
    ),
)
CRISIS_ID = crisis_id("acme", NOON_MS)
CRISIS = CrisisEvent(
    id=crisis_event_id(CRISIS_ID, 0),
    crisis_id=CRISIS_ID,
    brand="acme",
    type=CrisisEventType.OPENED,
    sequence=0,
    level=Level.ALERT,
    previous_level=Level.CALM,
    peak_level=Level.ALERT,
    time=NOON,
    opened_at=NOON,
    window_start="2026-03-02T11:00:00Z",
    window_end=NOON,
    evidence=Evidence(
        window="1h",
        observed=COUNTS,
        expected_volume=5.0,
        interval=(1.0, 11.0),
        negative_share=0.58,
        negative_share_expected=0.3,
        score=4.4,
        signals=(
            Signal(
                name="negative_share",
                window="1h",
                observed=0.58,
                expected=0.3,
                surprise=4.4,
                contribution=4.4,
                law=Law.BETA_BINOMIAL,
                spread=0.01,
                trials=12.0,
            ),
        ),
        concerns=(Concern(phrase="refund", count=5, share=0.4, usual_share=0.02),),
        hashtags=("fail",),
        questions=4,
        exemplars=(Exemplar(tweet_id="1", engagement=3),),
        own_posts_24h=0,
        learning=1.0,
        unobserved_minutes=0,
        config_hash="00",
        model="test/1",
        decision=Decision(
            thresholds=(3.0, 4.0, 6.0, 9.0),
            authors_needed=(3.0, 5.0, 10.0, 30.0),
            windows=(WindowScore(window="1h", score=4.4, negative_authors=6.5),),
            attention=3.0,
            told=False,
            authors=11.0,
            earned=Level.ALERT,
            at_once=Level.CALM,
            held=Level.ALERT,
            at_once_above=3.0,
            held_below=1.0,
            earned_minutes=(5, 5, 0, 0),
            rise_minutes=(5, 5, 10, 30),
            missed_minutes=(0, 0, 90, 90),
            fall_minutes=(360, 60, 60, 60),
            carried=False,
        ),
        to_learn=ToLearn(minutes=0, mentions=0, hours=1),
    ),
)
EVENTS = {
    "tweet": Tweet(id="1", created_at_ms=NOON_MS, text="@acme refund?"),
    "mention": MENTION,
    "watermark": Watermark(source_partition=0, source_partitions=2, offset=7, watermark_ms=NOON_MS),
    "gap": Gap(source_partition=0, offset=8, start_ms=NOON_MS, end_ms=NOON_MS + 1),
    "window-closed": WINDOW,
    "crisis-event": CRISIS,
    "dead-letter": DeadLetter(
        topic="tweets.raw",
        partition=0,
        offset=9,
        stage="enrich",
        reason=DeadLetterReason.NOT_JSON,
        exception_class_name="JSONDecodeError",
        exception_message="unexpected character",
    ),
}
ENCODED = {name: encode(event) for name, event in EVENTS.items()}
