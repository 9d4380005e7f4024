"""The playbook: what to do in a crisis, who, and by when; and how often to speak.

A playbook is a TOML file (`Playbook.load`); without one there is Vigie's own (`Playbook.default`), made of the five
practices of crisis communication.
"""

from pipeline.playbook.model import Playbook, default_text
from pipeline.playbook.parts import Action, Check, PlaybookError, Rhythm, in_language

__all__ = ["Action", "Check", "Playbook", "PlaybookError", "Rhythm", "default_text", "in_language"]
