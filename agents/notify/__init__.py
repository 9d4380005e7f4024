"""The notify agent: crisis events in, other people's systems told."""
