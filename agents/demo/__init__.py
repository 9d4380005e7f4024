"""Vigie at work without a Kafka of one's own: an embedded broker, a worker, and something to read."""

from agents.demo.recorded import DemoResult, run_demo
from agents.demo.stage import DemoError

__all__ = ["DemoError", "DemoResult", "run_demo"]
