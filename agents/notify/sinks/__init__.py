"""Sinks: who is told of a crisis over HTTP, one module a kind of receiver.

To add a notifier:

1. Give its channel a class in `pipeline/notify/channels.py`, put that into `Channel`, and name its kind in
   `pipeline/notify/file.py`.
2. Write a module here with a class that fulfils `Sink`: take the words from `pipeline.notify.words`, let an
   `Endpoint` do the HTTP, and list in `_FINAL` the answers after which this receiver will never take a notification,
   each with what it means. Every other failure is tried again.
3. Add its case to `make_sink`; mypy tells when one is missing.
4. Add it to `tests/agents/notify/sinks.py`, and every way in which a receiver can fail is tried on it.
"""

from __future__ import annotations

from agents.notify.sinks.alertmanager import AlertmanagerSink
from agents.notify.sinks.contract import NotNow, Sink, SinkConfigError, Undeliverable
from agents.notify.sinks.pagerduty import PagerDutySink
from agents.notify.sinks.slack import SlackSink
from agents.notify.sinks.webhook import WebhookSink
from pipeline.notify.channels import Alertmanager, Channel, PagerDuty, Slack, Webhook

__all__ = ["NotNow", "Sink", "SinkConfigError", "Undeliverable", "make_sink"]


def make_sink(channel: Channel) -> Sink:
    """Return the sink of a channel. Reads the channel's secret, once.

    Raises
    ------
    SinkConfigError
        The secret is missing or malformed, or the address is none.
    """
    match channel:
        case Alertmanager():
            return AlertmanagerSink(channel)
        case PagerDuty():
            return PagerDutySink(channel)
        case Slack():
            return SlackSink(channel)
        case Webhook():
            return WebhookSink(channel)
