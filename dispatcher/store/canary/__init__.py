"""Keep the service's own endpoints, the test alerts that go to them, and what came of each."""
