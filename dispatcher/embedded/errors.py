"""Why an embedded server cannot be had. Every message names what the operator can do.

EmbeddedError
  DataDirectoryInUseError   another dispatcher, or what is left of one, works on the same data
  ExtraMissingError         the wheel with the server is not installed
  ServerFailedError         the server did not start; ends with the last lines of its log
"""

from __future__ import annotations

from typing import ClassVar


class EmbeddedError(RuntimeError):
    """An embedded server cannot be started."""

    exit_status: ClassVar[int] = 1
    """The exit status of the command that it ends."""


class ExtraMissingError(EmbeddedError):
    """The wheel that brings the server is not installed."""


class DataDirectoryInUseError(EmbeddedError):
    """Another process holds the data directory."""


class ServerFailedError(EmbeddedError):
    """The server, or the preparation of its data, ended or did not answer in time."""
