"""The settings of Web Push."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads it
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from channels.webpush.vapid import PLACEHOLDER


class WebPushSettings(BaseModel):
    """The part of the service's settings that is Web Push's."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    vapid_key: Path | None = None
    """A file with the PEM of the P-256 key, the same on [all machines](several-machines.md); default: made once in the
    data directory, at the service's first start."""
    vapid_pem: SecretStr | None = None
    """The PEM itself, in place of a file."""
    vapid_previous_pem: SecretStr | None = None
    """The PEM of the keys before, one after another: with them are signed the messages to subscriptions that were made
    with them. Those that `dispatcher secrets replace vapid` has put aside in the data directory need not stand here."""
    vapid_subject: str = PLACEHOLDER
    """How a push service reaches the operator: `mailto:` or `https:`, of a domain that exists. Set one: Apple refuses
    every message of a service that it could not reach, and so the default."""
    push_hosts: str = ""
    """Comma-separated hosts whose endpoints may be subscribed besides those of the browsers' push services and of
    `ntfy.sh`: servers of [UnifiedPush](web-push.md). `push.example.org`, or `.example.org` for all hosts below; `ntfy=`
    or `nextpush=` before one says by which table its answers are judged. `ntfy=http://10.0.0.5:8080` says that of a
    server in a private net, which `WARN_ALLOWED_ORIGINS` has to exempt as `push=http://10.0.0.5:8080`. `*`: every
    public host."""
    push_encoder: Literal["own", "pywebpush"] = "own"
    """What encrypts Web Push messages: our `own` code (2 us with a key made ahead of time, 90 us without), or the
    library `pywebpush`, an independent implementation (300 us, and no use for such keys)."""
    ready_keys: int = Field(200_000, ge=0)
    """For how many Web Push subscriptions one worker process makes message keys ahead of time, while idle: about
    130 bytes and 0.1 ms each. A mass send then takes a quarter of the processor time. 0: none, as with the encoder
    `pywebpush`."""
    key_process: bool = True
    """Whether a worker that misses many such keys, as after its start, has them made by a process of its own (some 30
    MB, priority 10, ended half a minute after the last key) where it may use more than one processor. A mass send by
    workers that have just started takes about 0.7 of the time with it."""
