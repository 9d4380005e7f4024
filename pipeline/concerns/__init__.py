"""Concerns: what people talk about now and did not before."""
