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
    WindowScore,
)
from schemas.deadletter import DeadLetter, DeadLetterReason
from schemas.mention import Gap, Mention, Origin, Sentiment, SentimentLabel, Watermark
from schemas.topics import Topics
from schemas.tweet import SourceForm, Tweet, TweetKind
from schemas.window import WINDOW_NAMES, WINDOW_SECONDS, Detection, Level, WindowClosed, WindowCounts

__all__ = [
    "WINDOW_NAMES",
    "WINDOW_SECONDS",
    "Concern",
    "CrisisEvent",
    "CrisisEventType",
    "DeadLetter",
    "DeadLetterReason",
    "Decision",
    "Detection",
    "EventType",
    "Evidence",
    "Exemplar",
    "Gap",
    "Law",
    "Level",
    "Mention",
    "Origin",
    "Sentiment",
    "SentimentLabel",
    "Signal",
    "SourceForm",
    "ToLearn",
    "Topics",
    "Tweet",
    "TweetKind",
    "Watermark",
    "WindowClosed",
    "WindowCounts",
    "WindowScore",
]
