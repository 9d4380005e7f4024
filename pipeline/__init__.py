"""The domain of Vigie, pure: no Kafka, no environment, no wall clock, no randomness.

The same code is driven live by ``agents`` and over files by ``vigie replay``.
"""
