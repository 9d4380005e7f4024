"""Plain tweets through the whole analyzer.

What is known to be missed is not among them: sarcasm ("thanks for nothing"), complaints told as plain facts ("been on
hold for two hours"), and much of what French puts into two words ("pas content", "plus jamais").
"""

from __future__ import annotations

import pytest

from tests.pipeline.text.tweets import read


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("the crew was great", "positive"),
        ("the crew was not great", "negative"),
        ("they will never be good", "negative"),
        ("thank you so much, amazing service", "positive"),
        ("my flight was cancelled and nobody answers the phone", "negative"),
        ("their app is down, another outage, still waiting", "negative"),
        ("hackers leaked our data", "negative"),
        ("boycott these people", "negative"),
        ("#WorstAirlineEver", "negative"),
        ("see you there :)", "positive"),
        ("again :(((", "negative"),
        ("well 😡", "negative"),
        ("my new phone 😍", "positive"),
        ("👍🏽", "positive"),
        ("can't wait for the concert", "positive"),
        ("the new store opens in Paris at nine", "neutral"),
        ("", "neutral"),
        ("service client injoignable, une honte", "negative"),
        ("train annulé sans aucune information", "negative"),
        ("merci beaucoup pour votre aide", "positive"),
        ("sans problème, équipe au top", "positive"),
        ("je prends le train pour Lyon demain matin", "neutral"),
    ],
)
def test_a_tweet_has_the_sentiment_a_reader_would_give_it(text: str, label: str) -> None:
    assert read(text).sentiment.label == label
