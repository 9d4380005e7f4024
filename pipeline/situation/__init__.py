"""Situations: how a crisis stands, who waits for an answer, and what the brand has said."""
