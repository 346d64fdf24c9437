"""The settings of the mail server that takes messages for people on duty."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_HOST: Final = re.compile(r"[A-Za-z0-9:.-]*")
_MAILBOX: Final = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,253}")


class SmtpSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    """It begins in the clear, and nothing is said before it is encrypted."""
    TLS = "tls"
    """It is encrypted from the start."""
    NONE = "none"
    """It is in the clear: only on this very machine."""


_PORTS: Final = {SmtpSecurity.STARTTLS: 587, SmtpSecurity.TLS: 465, SmtpSecurity.NONE: 25}
"""RFC 6409 and RFC 8314; 25 is where a server of this machine listens."""


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("a name or an address of a host, without a port")
    return text


def _mailbox(text: str) -> str:
    if text and not _MAILBOX.fullmatch(text):
        raise ValueError("a mailbox such as warndienst@example.org")
    return text


class MailSettings(BaseModel):
    """The part of the service's settings that is about mail."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    smtp_host: Annotated[str, AfterValidator(_host)] = ""
    """The mail server that takes messages for [people on duty](on-duty.md); unset: none are mailed."""
    smtp_port: int = Field(0, ge=0, le=65_535)
    """Its port; 0: 587 for `starttls`, 465 for `tls`, 25 for `none`."""
    smtp_security: SmtpSecurity = SmtpSecurity.STARTTLS
    """`starttls`, `tls` from the start, or `none`, which is for a server on this machine only. Certificates are checked
    against `WARN_OUTBOUND_CA_FILE`, else the machine's."""
    smtp_user: str = ""
    """Whom the server knows us as; unset: it asks for nothing."""
    smtp_password: SecretStr = SecretStr("")
    """The password of `WARN_SMTP_USER`."""
    smtp_sender: Annotated[str, AfterValidator(_mailbox)] = ""
    """The mailbox from which messages come."""

    @property
    def smtp_port_or_default(self) -> int:
        """Return the port to connect to."""
        return self.smtp_port or _PORTS[self.smtp_security]

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if not self.smtp_host:
            return self
        if not self.smtp_sender:
            raise ValueError(
                "setting WARN_SMTP_SENDER: is missing beside WARN_SMTP_HOST; a mail has a sender"
            )
        if bool(self.smtp_user) != bool(self.smtp_password.get_secret_value()):
            raise ValueError("settings WARN_SMTP_USER and WARN_SMTP_PASSWORD: one needs the other")
        if self.smtp_security is SmtpSecurity.NONE and not is_loopback(self.smtp_host):
            raise ValueError("setting WARN_SMTP_SECURITY: none is for a mail server on this machine only")
        return self


def is_loopback(host: str) -> bool:
    """Whether a host, as it stands in the settings, is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
