"""Feedback: what people say of a crisis, from the record until it takes effect in the life cycle."""

from pipeline.feedback.inbox import Inbox, Intake
from pipeline.feedback.records import Held, feedback_of, problem_of

__all__ = ["Held", "Inbox", "Intake", "feedback_of", "problem_of"]
