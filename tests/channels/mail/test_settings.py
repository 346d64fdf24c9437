"""What is said of a mail server makes sense, or is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from channels.mail.settings import MailSettings, SmtpSecurity

WHOLE = {"smtp_host": "mail.kreis.example", "smtp_sender": "warndienst@kreis.example"}


@pytest.mark.parametrize(
    ("given", "port"),
    [
        ({}, 587),
        ({"smtp_security": "tls"}, 465),
        ({"smtp_host": "127.0.0.1", "smtp_security": "none"}, 25),
        ({"smtp_port": 2525}, 2525),
    ],
)
def test_each_way_has_its_port(given: dict[str, Any], port: int) -> None:
    assert MailSettings(**{**WHOLE, **given}).smtp_port_or_default == port


def test_without_a_server_nothing_is_asked_for() -> None:
    settings = MailSettings()
    assert (settings.smtp_host, settings.smtp_security) == ("", SmtpSecurity.STARTTLS)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_in_the_clear_it_goes_on_this_machine_only(host: str) -> None:
    local = MailSettings(**{**WHOLE, "smtp_host": host, "smtp_security": "none"})
    assert local.smtp_security is SmtpSecurity.NONE
    with pytest.raises(ValidationError, match="on this machine only"):
        MailSettings(**WHOLE, smtp_security="none")


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_sender": ""},
        {"smtp_sender": "Warndienst <w@kreis.example>"},
        {"smtp_host": "mail.example:25 "},
        {"smtp_user": "u"},
        {"smtp_password": "p"},
        {"smtp_security": "ssl"},
    ],
)
def test_what_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MailSettings(**{**WHOLE, **wrong})
