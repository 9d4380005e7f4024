"""What is wrong with the tone of a post."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ToneIssue"]


class ToneIssue(StrEnum):
    """Why a post of the brand's own does not sound calm and professional."""

    SHOUTING = "shouting"
    """Words in capitals, or several exclamation marks."""
    INSULT = "insult"
    """Words that offend."""
    BLAME = "blame"
    """It blames those who complain, or somebody else."""
    SARCASM = "sarcasm"
    """It mocks, by words or emoji."""
    FLIPPANT = "flippant"
    """It jokes, or is jolly where people complain."""
    PROMOTION = "promotion"
    """It sells or gives away, as if nothing had happened."""
