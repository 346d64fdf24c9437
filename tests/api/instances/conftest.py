"""The HTTP client, for receivers that are asked without the service."""

from tests.channels.conftest import authority, ca_file, client_for

__all__ = ["authority", "ca_file", "client_for"]
