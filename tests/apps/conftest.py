"""The record and the HTTP client, for what makers of apps deal with."""

from tests.channels.conftest import authority, ca_file, client_for, server_tls
from tests.store.conftest import pool, sources

__all__ = ["authority", "ca_file", "client_for", "pool", "server_tls", "sources"]
