"""The record that commands work on."""

from tests.store import conftest as on_record

pool = on_record.pool
