from hypothesis import settings

pytest_plugins = ["tests.brokers.fixtures", "tests.faults.fixtures", "tests.ingest.fixtures"]

# A deadline is an assertion about time, and would fail on a busy machine.
settings.register_profile("vigie", deadline=None)
settings.load_profile("vigie")
