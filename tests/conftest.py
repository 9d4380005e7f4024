pytest_plugins = ["tests.brokers.fixtures", "tests.faults.fixtures"]
