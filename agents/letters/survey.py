"""What lies in the dead-letter topic: how many letters of which stage and reason, when, where, and redriven or not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass

from agents.letters.letter import Choice, Letter, Mark, Place, Progress, read_letters
from agents.settings import Settings

__all__ = ["Group", "Survey", "survey"]


@dataclass(slots=True, kw_only=True)
class Group:
    """The letters of one stage and reason."""

    stage: str
    reason: str
    first: Place
    last: Place
    first_ms: int
    last_ms: int
    letters: int = 0
    redriven: int = 0


class Survey:
    """Takes in the topic, item by item. About 100 bytes of memory a letter; what the letters hold is not kept.

    Parameters
    ----------
    choice : Choice
        Which letters count.
    newest : int
        How many of the newest of them to remember by their line.
    """

    def __init__(self, choice: Choice, newest: int) -> None:
        self._choice = choice
        self._groups: dict[tuple[str, str], Group] = {}
        self._group_of: dict[Place, Group] = {}
        self._marked: set[Place] = set()
        self._newest: deque[Letter] = deque(maxlen=newest)

    def take(self, item: Letter | Mark) -> None:
        """Take in the next item of the topic."""
        if isinstance(item, Mark):
            if item.letter not in self._marked:
                self._marked.add(item.letter)
                if group := self._group_of.get(item.letter):
                    group.redriven += 1
            return
        if not self._choice.takes(item):
            return
        group = self._groups.get((item.stage, item.reason)) or self._begin(item)
        group.letters += 1
        group.last, group.last_ms = item.place, item.time_ms
        self._group_of[item.place] = group
        self._newest.append(item.without_content())

    def _begin(self, item: Letter) -> Group:
        group = Group(
            stage=item.stage,
            reason=item.reason,
            first=item.place,
            last=item.place,
            first_ms=item.time_ms,
            last_ms=item.time_ms,
        )
        self._groups[item.stage, item.reason] = group
        return group

    @property
    def groups(self) -> list[Group]:
        """By stage and reason."""
        return [group for _, group in sorted(self._groups.items())]

    def newest(self) -> Iterator[tuple[Letter, bool]]:
        """Yield the newest letters, newest first, and whether each was redriven."""
        for letter in reversed(self._newest):
            yield letter, letter.place in self._marked


async def survey(settings: Settings, choice: Choice, *, newest: int, progress: Progress) -> Survey:
    """Read the whole topic.

    Raises
    ------
    BrokerUnreachable, TopicProblem
        As :func:`agents.letters.letter.read_letters`.
    """
    found = Survey(choice, newest)
    async with aclosing(read_letters(settings, progress=progress)) as letters:
        async for item in letters:
            found.take(item)
    return found
