"""The playbook: what to do in a crisis, who, and by when; and how often to speak."""

from pipeline.playbook.model import Action, Check, Playbook, Rhythm

__all__ = ["Action", "Check", "Playbook", "Rhythm"]
