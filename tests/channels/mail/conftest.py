"""A mail server in this process, with and without TLS, that takes mail, refuses it, or is slow."""

import asyncio
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from channels.mail.settings import SmtpSecurity
from channels.mail.smtp import MailServer

SENDER = "warndienst@kreis.example"
PASSWORD = "secret of the mail server"
REFUSALS = {
    "unknown@kreis.example": "550 5.1.1 no such user unknown@kreis.example",
    "full@kreis.example": "452 4.2.2 mailbox full",
    "closing@kreis.example": "421 4.3.2 closing",
}


class Mailbox:
    """Takes what it is handed over."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.answer = ""
        """What it says to a mail instead of taking it."""

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if refusal := REFUSALS.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.answer:
            return self.answer
        self.taken.append(envelope)
        return "250 taken"


def authenticated(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    is_good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=is_good, handled=False)


class SmtpServer(Controller):
    """Listens on a free port of this machine, in a thread of its own."""

    def __init__(self, box: Mailbox, certificates: ssl.SSLContext, security: SmtpSecurity) -> None:
        self.security = security
        more: dict[str, Any] = {}
        if security is SmtpSecurity.STARTTLS:
            more = {"tls_context": certificates, "require_starttls": True}
        if security is SmtpSecurity.TLS:
            more = {"ssl_context": certificates}
        super().__init__(
            box,
            # Its thread closes the loop while connections still end, which uvloop's does not always survive.
            loop=asyncio.SelectorEventLoop(),
            hostname="localhost",
            port=0,
            server_hostname="localhost",  # or it asks the net for one
            authenticator=authenticated,
            auth_require_tls=security is SmtpSecurity.STARTTLS,
            **more,
        )

    def _trigger_server(self) -> None:
        """Ask the port that it has, as a first client: the one that was named is none."""
        self.port = self.listens
        super()._trigger_server()  # type: ignore[no-untyped-call]

    @property
    def listens(self) -> int:
        return int(self.server.sockets[0].getsockname()[1])


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def smtp(box: Mailbox, authority: trustme.CA) -> Iterator[Any]:
    """Starts servers."""
    started = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def start(security: SmtpSecurity) -> SmtpServer:
        server = SmtpServer(box, context, security)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def known_as(trusting: ssl.SSLContext) -> Any:
    """What the settings say of a server."""

    def known(server: SmtpServer, **changes: Any) -> MailServer:
        given = {"user": "warndienst", "password": PASSWORD, "tls": trusting, **changes}
        if server.security is SmtpSecurity.NONE:
            given |= {"user": "", "password": ""}
        security = given.pop("security", server.security)
        return MailServer("localhost", server.listens, security, SENDER, **given)

    return known
