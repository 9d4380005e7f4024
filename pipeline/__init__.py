"""The domain of Vigie, pure: no Kafka, no environment, no wall clock, no randomness.

The same code is driven live by ``agents`` and over files by ``vigie replay``.

ADR: no compiled module of our own. The thirteen modules that reading a tweet spends most of its time in (parse, match,
enrich, IDs) were compiled with mypyc, unchanged: 38.5 us of a tweet became 31.5, a sixth of what it costs with its
transport, since most of the time is in native code already (JSON, hashes, automaton, numpy, string methods). That is no
factor, and its price is a compiler or a wheel for each platform and Python.
"""
