"""The contracts of Vigie: what is on its Kafka topics. Imports nothing else of the project.

A consumer needs only this package: typed event classes, their JSON Schemas (``schemas/json``), the
AsyncAPI document (``schemas/asyncapi.yaml``), deterministic IDs and CloudEvents headers.
"""

from schemas.cloudevents import EventType
from schemas.crisis import (
    Concern,
    CrisisEvent,
    CrisisEventType,
    Decision,
    Evidence,
    Exemplar,
    Law,
    Signal,
    ToLearn,
    Trend,
    WindowScore,
)
from schemas.deadletter import DeadLetter, DeadLetterReason
from schemas.feedback import DismissReason, Feedback, FeedbackHeld, FeedbackVerdict
from schemas.mention import Erasure, Gap, Mention, MentionRecord, Origin, Sentiment, SentimentLabel, Watermark
from schemas.situation import (
    CommunicationOverdue,
    CrisisRecord,
    Duty,
    DutyStatus,
    Figure,
    OwnPost,
    Practice,
    QuestionGroup,
    Questions,
    Recovery,
    RisingHashtag,
    Situation,
    Voice,
)
from schemas.tone import ToneIssue
from schemas.topics import Topics
from schemas.tweet import SourceForm, Tweet, TweetKind
from schemas.window import WINDOW_NAMES, WINDOW_SECONDS, Detection, Level, WindowClosed, WindowCounts

__all__ = [
    "WINDOW_NAMES",
    "WINDOW_SECONDS",
    "CommunicationOverdue",
    "Concern",
    "CrisisEvent",
    "CrisisEventType",
    "CrisisRecord",
    "DeadLetter",
    "DeadLetterReason",
    "Decision",
    "Detection",
    "DismissReason",
    "Duty",
    "DutyStatus",
    "Erasure",
    "EventType",
    "Evidence",
    "Exemplar",
    "Feedback",
    "FeedbackHeld",
    "FeedbackVerdict",
    "Figure",
    "Gap",
    "Law",
    "Level",
    "Mention",
    "MentionRecord",
    "Origin",
    "OwnPost",
    "Practice",
    "QuestionGroup",
    "Questions",
    "Recovery",
    "RisingHashtag",
    "Sentiment",
    "SentimentLabel",
    "Signal",
    "Situation",
    "SourceForm",
    "ToLearn",
    "ToneIssue",
    "Topics",
    "Trend",
    "Tweet",
    "TweetKind",
    "Voice",
    "Watermark",
    "WindowClosed",
    "WindowCounts",
    "WindowScore",
]
