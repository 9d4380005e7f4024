"""Where notifications go: the channels of the notification file, one class a kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

__all__ = ["Alertmanager", "Channel", "Language", "PagerDuty", "Slack", "Webhook"]

Language = Literal["en", "fr"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alertmanager:
    """Alertmanager, API v2."""

    name: str
    """Its name in the file, which is also its label in metrics."""
    url: str
    """Base URL, such as `http://alertmanager:9093`."""
    language: Language = "en"
    """Of the words in it."""
    kind: Literal["alertmanager"] = "alertmanager"
    """Tells the kinds apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDuty:
    """PagerDuty, Events API v2."""

    name: str
    """Its name in the file, which is also its label in metrics."""
    routing_key_file: Path
    """File with the integration's routing key."""
    url: str = "https://events.pagerduty.com/v2/enqueue"
    """Where to; another one for the service region in Europe."""
    language: Language = "en"
    """Of the words in it."""
    kind: Literal["pagerduty"] = "pagerduty"
    """Tells the kinds apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """A Slack incoming webhook."""

    name: str
    """Its name in the file, which is also its label in metrics."""
    url_file: Path
    """File with the webhook's URL, which is a secret."""
    language: Language = "en"
    """Of the words in it."""
    kind: Literal["slack"] = "slack"
    """Tells the kinds apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Any HTTP endpoint: gets the crisis event as it is, signed after the Standard Webhooks specification."""

    name: str
    """Its name in the file, which is also its label in metrics."""
    url: str
    """Where to POST."""
    secret_file: Path
    """File with the signing secret, `whsec_<base64>` or plain text."""
    kind: Literal["webhook"] = "webhook"
    """Tells the kinds apart."""


Channel: TypeAlias = Alertmanager | PagerDuty | Slack | Webhook
