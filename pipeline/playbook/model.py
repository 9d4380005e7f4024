"""What to do in a crisis, who does it, and by when: a playbook, from a file or Vigie's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path

from pipeline.playbook.loading import parse_parts
from pipeline.playbook.parts import Action, Check, PlaybookError, Rhythm
from schemas.codec import encode
from schemas.window import Level

__all__ = ["Action", "Check", "Playbook", "Rhythm", "default_text"]

_DEFAULT = "default.toml"
_SHOWN = (Check.ACKNOWLEDGED, Check.UPDATED, Check.ANSWERED, Check.TONE)
"""What the brand's own posts show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """Rhythms by level, and actions in the order of the file."""

    rhythms: Mapping[Level, Rhythm]
    """For alert, crisis and severe."""
    actions: tuple[Action, ...]
    """At most 30."""
    fingerprint: str
    """Short hash of the content, equal for equal playbooks on every machine."""

    @classmethod
    def of(cls, rhythms: Mapping[Level, Rhythm], actions: tuple[Action, ...]) -> Playbook:
        """Make a playbook of its parts."""
        return cls(rhythms=rhythms, actions=actions, fingerprint=_fingerprint(rhythms, actions))

    @classmethod
    def parse(cls, text: str, source: str) -> Playbook:
        """Read the text of a playbook; ``source`` names the file in messages.

        Raises
        ------
        PlaybookError
            Something in it is wrong.
        """
        return cls.of(*parse_parts(text, source))

    @classmethod
    def load(cls, path: Path) -> Playbook:
        """Read a playbook's file.

        Raises
        ------
        PlaybookError
            It cannot be read, or something in it is wrong.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise PlaybookError(f"{path}: cannot read the playbook: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise PlaybookError(f"{path}: expected UTF-8: {error}") from error
        return cls.parse(text, str(path))

    @classmethod
    def default(cls) -> Playbook:
        """Return Vigie's own, in English and French."""
        return _default()

    def actions_at(self, level: Level) -> tuple[Action, ...]:
        """Return what is asked for at a level, in the order of the file."""
        return tuple(action for action in self.actions if action.level <= level)

    def unheard(self) -> Playbook:
        """Return it for a brand of which no own account is known: what posts would show is to be ticked off by hand."""
        rhythms = {level: replace(rhythm, update_every_minutes=None) for level, rhythm in self.rhythms.items()}
        actions = [replace(each, check=Check.BY_HAND) if each.check in _SHOWN else each for each in self.actions]
        return replace(self, rhythms=rhythms, actions=tuple(actions))


def default_text() -> str:
    """Return the file of Vigie's own playbook: a start for one of your own."""
    return files(__package__).joinpath(_DEFAULT).read_text(encoding="utf-8")


@cache
def _default() -> Playbook:
    return Playbook.parse(default_text(), _DEFAULT)


def _fingerprint(rhythms: Mapping[Level, Rhythm], actions: tuple[Action, ...]) -> str:
    # The order of actions and of languages is part of what a playbook says; that of levels is not.
    content = {
        "rhythms": [[int(level), asdict(rhythms[level])] for level in sorted(rhythms)],
        "actions": [asdict(action) for action in actions],
    }
    return blake2b(encode(content), digest_size=8).hexdigest()
