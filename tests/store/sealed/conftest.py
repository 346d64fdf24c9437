"""The record, and what is in it before a test."""

from tests.store import conftest as on_record

pool = on_record.pool
subscriptions = on_record.subscriptions
