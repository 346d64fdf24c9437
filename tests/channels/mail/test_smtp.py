"""Mail is handed over to a real server, encrypted, and every answer is classified."""

import asyncio
import email
import email.policy
import socket
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtplib.errors import (
    SMTPConnectResponseError,
    SMTPHeloError,
    SMTPResponseException,
    SMTPSenderRefused,
)

from channels.base import ChannelDown, ChannelMisconfigured, Permanent, Transient, Uncertain
from channels.mail.settings import SmtpSecurity
from channels.mail.smtp import Mail, Mailer, MailServer, meaning_of_error, written
from tests.channels.mail.conftest import SENDER, Mailbox

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TO = "m.keller@kreis.example"


def mail(to: str = TO) -> Mail:
    return Mail(to, "Freigabe fällig", "Hochwasser: Übung? Nein.\n", "DUTY7.3", NOW)


@pytest.mark.parametrize("security", list(SmtpSecurity))
async def test_it_is_handed_over(smtp: Any, known_as: Any, box: Mailbox, security: SmtpSecurity) -> None:
    await Mailer(known_as(smtp(security)), 10).send(mail())
    (taken,) = box.taken
    assert (taken.mail_from, taken.rcpt_tos) == (SENDER, [TO])
    message = email.message_from_bytes(taken.content or b"", policy=email.policy.default)
    assert (message["Subject"], message["Message-ID"]) == ("Freigabe fällig", "<DUTY7.3@kreis.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().strip() == "Hochwasser: Übung? Nein."


@pytest.mark.parametrize(
    ("to", "error", "code"),
    [
        ("unknown@kreis.example", Permanent, "550"),
        ("full@kreis.example", Transient, "452"),
        ("closing@kreis.example", ChannelDown, "421"),
    ],
)
async def test_a_refusal_has_its_code_alone(smtp: Any, known_as: Any, to: str, error: Any, code: str) -> None:
    with pytest.raises(error) as refused:
        await Mailer(known_as(smtp(SmtpSecurity.NONE)), 10).send(mail(to))
    assert str(refused.value) == code


async def test_a_mail_that_is_refused_is_not_taken(smtp: Any, known_as: Any, box: Mailbox) -> None:
    box.answer = "554 5.7.1 spam"
    with pytest.raises(Permanent, match=r"^554$"):
        await Mailer(known_as(smtp(SmtpSecurity.NONE)), 10).send(mail())


async def test_a_wrong_password_is_ours_to_mend(smtp: Any, known_as: Any) -> None:
    with pytest.raises(ChannelMisconfigured) as refused:
        await Mailer(known_as(smtp(SmtpSecurity.STARTTLS), password="wrong one"), 10).send(mail())
    assert "wrong one" not in repr(refused.value)


@pytest.mark.parametrize("security", [SmtpSecurity.TLS, SmtpSecurity.STARTTLS])
async def test_nothing_is_said_to_a_server_that_cannot_prove_its_name(
    smtp: Any, known_as: Any, box: Mailbox, security: SmtpSecurity
) -> None:
    stranger = ssl.create_default_context()
    with pytest.raises(ChannelMisconfigured):
        await Mailer(known_as(smtp(security), tls=stranger), 10).send(mail())
    assert box.taken == []


async def test_nothing_is_said_in_the_clear_where_the_server_has_no_starttls(
    smtp: Any, known_as: Any, box: Mailbox
) -> None:
    server = known_as(smtp(SmtpSecurity.NONE))
    starting = MailServer(server.host, server.port, SmtpSecurity.STARTTLS, SENDER, "u", "p", server.tls)
    with pytest.raises(ChannelMisconfigured):
        await Mailer(starting, 10).send(mail())
    assert box.taken == []


async def test_a_server_that_is_away_is_down() -> None:
    with pytest.raises(ChannelDown):
        await Mailer(MailServer("localhost", 1, SmtpSecurity.NONE, SENDER), 10).send(mail())


async def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = MailServer("127.0.0.1", silent.getsockname()[1], SmtpSecurity.NONE, SENDER)
        with pytest.raises(ChannelDown, match="timeout"):
            await Mailer(server, 0.2).send(mail())


async def test_what_breaks_off_with_the_mail_under_way_may_have_been_taken() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.startswith(b"DATA"):
                break
            writer.write(b"250 OK\r\n")
        writer.close()

    server = await asyncio.start_server(speak, "localhost", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Uncertain):
        await Mailer(MailServer("localhost", port, SmtpSecurity.NONE, SENDER), 10).send(mail())
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    "error",
    [SMTPSenderRefused(530, "sign in", SENDER), SMTPHeloError(554, "?"), SMTPConnectResponseError(554, "no")],
)
def test_a_server_that_refuses_us_refuses_no_mailbox(error: SMTPResponseException) -> None:
    assert isinstance(meaning_of_error(error), ChannelMisconfigured)


def test_an_answer_without_a_meaning_is_tried_again() -> None:
    assert isinstance(meaning_of_error(SMTPResponseException(300, "?")), Transient)
    assert isinstance(meaning_of_error(ValueError("x")), ChannelDown)
    assert isinstance(meaning_of_error(ssl.SSLError("x")), ChannelMisconfigured)


def test_a_subject_is_one_line() -> None:
    raw = written(Mail(TO, "a\r\nBcc: c@d.example", "x", "1", NOW), SENDER)
    assert b"\r\nBcc:" not in raw


def test_nothing_shows_a_mailbox_or_a_password() -> None:
    assert TO not in repr(mail())
    assert "geheim" not in repr(MailServer("h", 1, SmtpSecurity.TLS, SENDER, "u", "geheim"))
