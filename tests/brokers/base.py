"""What a test may ask of the broker under it, whichever that is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from signal import SIGCONT, SIGSTOP
from typing import ClassVar, Literal

from agents.embedded.process import GuardedProcess

Kind = Literal["embedded", "kafka"]


class Broker(ABC):
    """One broker, or several that act as one, on ports that stay the same over restarts."""

    kind: ClassVar[Kind]
    durable: ClassVar[bool]
    """Whether topics, records and offsets survive a restart."""

    @property
    @abstractmethod
    def bootstrap(self) -> str:
        """Address for clients, ``host:port``; of several brokers, all addresses with commas between."""

    @property
    @abstractmethod
    def process(self) -> GuardedProcess | None:
        """The broker's process since the last start; none of several brokers, each of which has its own."""

    @abstractmethod
    def start(self) -> None:
        """Start it and return when it answers; do nothing while it runs."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it as an operator would; do nothing when it is stopped."""

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.running

    def restart(self) -> None:
        """Stop it as an operator would, and start it again."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.process is not None:
            self.process.kill()

    def pause(self) -> None:
        """Freeze it: connections stay open and nothing answers."""
        if self.process is not None:
            self.process.send_signal(SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        if self.process is not None:
            self.process.send_signal(SIGCONT)

    def recover(self) -> None:
        """Undo whatever a test did to it."""
        self.resume()
        self.start()
