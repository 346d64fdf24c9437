"""As the worker's tests: its parts on the real record and queue."""

from tests.worker import conftest as in_worker

accounts = in_worker.accounts
alerts = in_worker.alerts
wake_ups = in_worker.wake_ups
house = in_worker.house
ledger = in_worker.ledger
parts = in_worker.parts
pool = in_worker.pool
reconciler = in_worker.reconciler
sources = in_worker.sources
subscriptions = in_worker.subscriptions
