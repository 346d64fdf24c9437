"""Commands that take something out of a record with a warning in it."""

from tests.commands import conftest as commands
from tests.store import conftest as on_record

run, surroundings = commands.run, commands.surroundings
pool, sources, alerts, subscriptions, ledger, plans, ready_batches = (
    on_record.pool, on_record.sources, on_record.alerts, on_record.subscriptions, on_record.ledger, on_record.plans,
    on_record.ready_batches,
)  # fmt: skip
