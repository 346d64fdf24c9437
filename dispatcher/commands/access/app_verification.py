"""`dispatcher instance verify URL`: proves the receiver of an app's maker, or of a system that speaks CAP, with signed
samples and forged ones.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from channels.base import Permanent
from channels.clock import utc_now
from dispatcher.apps.webhook_refusal import webhook_error
from dispatcher.boundaries.territories import wrong_municipality
from dispatcher.commands.desk.session import say
from dispatcher.commands.shell.help_text import Where, helped
from dispatcher.commands.shell.output import AsJsonLines, OutputLanguage
from dispatcher.commands.terminal import columns, json_line
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.desk import Desk, desk
from dispatcher.model.webhooks import CallbackForm
from dispatcher.settings import Settings
from dispatcher.wiring.boundaries import load_boundaries
from dispatcher.wiring.http_client import http_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dispatcher.apps.verification import Tried, Verified

LOOPBACK: Final = "127.0.0.1"
CERTIFICATES_PORT: Final = 8081
HEAD_BYTES: Final = 8_192
HEAD_S: Final = 5.0
"""How long, and for how many bytes, a request for the certificates is read. It is the receiver's own machine."""
SECRET_NAME: Final = "WEBHOOK_SECRET"  # noqa: S105 - a name
"""The variable in which the receivers of the documents have their secret."""
NOT_PASSED, WRONG_CALL = 1, 2
CERTIFICATES_PATH: Final = "/v1/public/signing-certificates"
EXITS: Final = {
    0: "passed",
    NOT_PASSED: "not all passed: the table says what",
    WRONG_CALL: "wrong call, nothing was sent",
}
_HEAD: Final = ("check", "expected", "answer", "seconds", "result")


@helped(
    Where.FILES,
    "dispatcher instance verify https://app.example/warnings",
    "dispatcher instance verify https://app.example/warnings --secret-stdin --json < secret.txt",
    "dispatcher instance verify http://127.0.0.1:8000/cap --form cap",
    exits=EXITS,
)
def verify(  # noqa: PLR0913 - each is an option
    url: Annotated[
        str, typer.Argument(help="of the app's receiver; WARN_ALLOWED_ORIGINS admits private ones")
    ],
    place: Annotated[
        list[str] | None, typer.Option(help="AGS of the samples; repeatable; default the first of the data")
    ] = None,
    secret_stdin: Annotated[
        bool,
        typer.Option("--secret-stdin", help=f"read the whsec_ secret from the input, not from {SECRET_NAME}"),
    ] = False,
    form: Annotated[
        CallbackForm, typer.Option(help="what the receiver takes: notices, or signed CAP messages")
    ] = CallbackForm.NOTICE,
    certificates_port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65_535,
            help=f"with --form cap: where at {LOOPBACK} the receiver finds the certificates of the samples, under the "
            "service's path",
        ),
    ] = CERTIFICATES_PORT,
    *,
    as_json: AsJsonLines = False,
    language: OutputLanguage = DeskLanguage.GERMAN,
) -> None:
    """Send tests to a receiver, some of them forged, and say which answers were right.

    It needs no instance and no record: the receiver's URL, and the secret that it has.
    """
    from dispatcher.apps.verification import AnswerVerdict, Tried

    at, settings = desk(language), Settings()
    secret = typer.get_text_stream("stdin").readline() if secret_stdin else os.environ.get(SECRET_NAME, "")
    if not secret.strip():
        _end(at.line("verify_secret", name=SECRET_NAME))
    receiver = Tried(url, secret.strip(), place or [], at.language)
    found = asyncio.run(_verified(settings, receiver, form, certificates_port, at))
    if as_json:
        for one in found:
            typer.echo(json_line({**_members(one), "expected": _expected(one)}))
    else:
        say(_table(found, at))
        passed = sum(one.verdict is AnswerVerdict.PASSED for one in found)
        say([at.line("verify_sum", passed=passed, all=len(found))])
    if any(one.verdict is not AnswerVerdict.PASSED for one in found):
        raise typer.Exit(NOT_PASSED)


async def _verified(
    settings: Settings, receiver: Tried, form: CallbackForm, port: int, at: Desk
) -> list[Verified]:
    from dispatcher.apps.verification import ReceiverVerification
    from dispatcher.wiring.channels import callbacks

    boundaries = load_boundaries(settings)
    if wrong := wrong_municipality(receiver.places, boundaries):
        raise typer.BadParameter(wrong)
    receiver = replace(receiver, places=receiver.places or [boundaries.municipalities[0].ags])
    http = http_client(settings)
    try:
        verification = ReceiverVerification(partial(callbacks, settings, http), boundaries, utc_now)
        try:
            verification.check(receiver.url, receiver.secret)
        except Permanent as refused:
            _end(_sentence(refused.code, at))
        if form is CallbackForm.NOTICE:
            return await verification.run(receiver)
        return await verification.run_cap(receiver, partial(_published, port, at))
    finally:
        await http.aclose()


@asynccontextmanager
async def _published(port: int, at: Desk, certificate: bytes) -> AsyncIterator[None]:
    """Publish the certificate as the service does, for as long as this lasts. Ends the command where that cannot be."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(HEAD_S):
                head = await reader.readuntil(b"\r\n\r\n")
            found = head.startswith(b"GET " + CERTIFICATES_PATH.encode() + b" ")
            status, body = (b"200 OK", certificate) if found else (b"404 Not Found", b"")
            lines = (
                b"HTTP/1.1 " + status,
                b"Content-Length: %d" % len(body),
                b"Connection: close",
                b"",
                body,
            )
            writer.write(b"\r\n".join(lines))
            await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(answer, LOOPBACK, port, limit=HEAD_BYTES)
    except OSError as error:
        _end(at.line("verify_port", port=port, error=os.strerror(error.errno or 0)))
    async with server:
        yield


def _sentence(code: str, at: Desk) -> str:
    """Return what is wrong with a URL or a secret."""
    error = webhook_error(code, "")
    return error.message if at.language is DeskLanguage.ENGLISH else error.message_de


def _end(sentence: str) -> NoReturn:
    say([sentence], err=True)
    raise typer.Exit(WRONG_CALL)


def _members(one: Verified) -> dict[str, object]:
    return {
        "check": one.check,
        "verdict": one.verdict,
        "status": one.status,
        "error": one.error,
        "seconds": one.seconds,
    }


def _expected(one: Verified) -> str:
    from dispatcher.apps.verification import FORGED

    return "refused" if one.check in FORGED else "accepted"


def _table(found: list[Verified], at: Desk) -> list[str]:
    head = [at.texts.columns[name] for name in _HEAD]
    rows = [
        [
            at.texts.verifications[one.check],
            at.texts.verifications[_expected(one)],
            str(one.status or one.error),
            f"{one.seconds:.2f}",
            at.texts.verifications[one.verdict],
        ]
        for one in found
    ]
    return columns([head, *rows]).split("\n")
