"""What is asked of the service, of whom, and what the answers mean."""

import asyncio
import http.client
import socket
import ssl
from typing import Any

import pytest

from dispatcher.commands.desk.service import _outage
from dispatcher.desk_texts.catalogue import CATALOGUES
from tests.api.conftest import KEY
from tests.support.submissions import warning


async def test_a_wrong_key_is_said(service: Any, run: Any, file: Any, surroundings: Any) -> None:
    surroundings.setenv("WARN_API_KEY", "wrong")
    done = await run("submit", file(warning()))
    assert (done.exit_code, "401 Kein gültiger API-Schlüssel" in done.output) == (1, True)
    assert "Der Schlüssel steht in WARN_API_KEY" in done.output


@pytest.mark.parametrize("key", ["", " \n", None])
async def test_no_key_is_said_before_anybody_is_asked(
    run: Any, file: Any, surroundings: Any, key: str | None
) -> None:
    if key is not None:
        surroundings.setenv("WARN_API_KEY", key)
    done = await run("submit", file(warning()), "--url", "http://127.0.0.1:9")
    assert (done.exit_code, "WARN_API_KEY fehlt oder ist leer" in done.output) == (2, True)
    assert "keine Verbindung" not in done.output


async def test_an_answer_that_is_no_problem_document_is_shown_as_it_is(
    service: Any, run: Any, file: Any
) -> None:
    done = await run("submit", file(warning()), "--url", f"{service.url}/livez?")
    assert done.exit_code == 1
    assert "405" in done.output


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org",
        "file:///etc/passwd",
        "http://",
        "http://user:password@127.0.0.1",
        "http://127.0.0.1\\@warn.example",
        "http://local\thost",
        "http://[::1",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:0",
    ],
)
async def test_only_http_is_spoken(run: Any, file: Any, url: str) -> None:
    done = await run("submit", file(warning()), "--url", url)
    assert (done.exit_code, "Adresse des Dienstes (--url)" in done.output) == (2, True)
    assert "erneut senden" not in done.output


async def test_https_to_a_port_without_tls_is_a_wrong_call(service: Any, run: Any, file: Any) -> None:
    for command, argument in (
        ("submit", file(warning())),
        ("preview", file(warning())),
        ("status", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ):
        done = await run(command, argument, "--url", service.url.replace("http://", "https://"))
        assert (done.exit_code, "antwortet etwas ohne TLS" in done.output) == (2, True), done.output
        assert "erneut senden" not in done.output


async def test_an_answer_that_sounds_like_one_without_tls_means_unknown(
    run: Any, file: Any, surroundings: Any
) -> None:
    """It comes after the message was sent."""
    surroundings.setenv("WARN_API_KEY", KEY)

    async def elsewhere(reader: Any, writer: Any) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"[SSL: WRONG_VERSION_NUMBER]\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(elsewhere, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        done = await run("submit", file(warning()), "--url", f"http://127.0.0.1:{port}")
    assert (done.exit_code, "bitte erneut senden" in done.output) == (3, True)


async def test_a_slash_at_the_end_of_the_address_does_no_harm(service: Any, run: Any, file: Any) -> None:
    path = file(warning(status="Test"))
    for command, argument in (("preview", path), ("submit", path)):
        done = await run(command, argument, "--url", f"{service.url}//")
        assert done.exit_code == 0, done.output
    assert (await run("status", done.output[:26], "--url", f"{service.url}/")).exit_code == 0


async def test_where_no_such_service_is_that_is_said(service: Any, run: Any, file: Any) -> None:
    async def elsewhere(reader: Any, writer: Any) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>")
        writer.close()

    async with await asyncio.start_server(elsewhere, "127.0.0.1", 0) as server:
        other = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for url in (other, f"{service.url}/api"):
            done = await run("status", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--url", url)
            said = f"404: unter {url}/v1/alerts/01ARZ3NDEKTSV4RRFFQ69G5FAV gibt es diesen Dienst nicht"
            assert (done.exit_code, said in done.output) == (1, True), done.output
    done = await run("status", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert (done.exit_code, "gibt es diesen Dienst nicht" in done.output) == (1, False), (
        "it is this service's answer"
    )


@pytest.mark.parametrize("command", ["submit", "preview", "status"])
@pytest.mark.parametrize(
    "host",
    ["warn.invalid", "localhost.invalid", "127.0.0.1.invalid", "10.0.0.1:8080", "[2001:db8::1]", "0.0.0.0"],
)
async def test_a_key_goes_over_http_to_this_machine_only(
    run: Any, file: Any, surroundings: Any, command: str, host: str
) -> None:
    surroundings.setenv("WARN_API_KEY", KEY)
    argument = "01ARZ3NDEKTSV4RRFFQ69G5FAV" if command == "status" else file(warning())
    done = await run(command, argument, "--url", f"http://{host}")
    assert done.exit_code == 2
    assert "ginge der Schlüssel unverschlüsselt zu einem anderen Rechner" in done.output
    assert KEY not in done.output


@pytest.mark.parametrize("url", ["https://warn.invalid", "http://warn.invalid"])
async def test_tls_or_being_told_is_enough(run: Any, file: Any, surroundings: Any, url: str) -> None:
    """Nobody is there; that it is looked for means that the key was let go."""
    surroundings.setenv("WARN_API_KEY", KEY)
    done = await run("submit", file(warning()), "--url", url, "--insecure-http")
    assert (done.exit_code, "Der Name des Rechners in" in done.output) == (3, True)
    assert "Errno" not in done.output


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "localhost", "LOCALHOST", "[::1]"])
async def test_this_machine_has_several_names(run: Any, file: Any, surroundings: Any, host: str) -> None:
    surroundings.setenv("WARN_API_KEY", KEY)
    done = await run("preview", file(warning()), "--url", f"http://{host}:9")
    assert (done.exit_code, "hört nichts" in done.output) == (3, True)
    assert "Errno" not in done.output


async def test_a_key_for_this_machine_does_not_go_by_a_proxy(
    service: Any, dispatcher: Any, file: Any
) -> None:
    """One that the environment names for everything is another machine, and reads what is not encrypted."""
    asked = []

    async def proxy(reader: Any, writer: Any) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        done = await dispatcher(
            "submit", file(warning()), http_proxy=address, HTTP_PROXY=address, no_proxy=""
        )
    assert (done.returncode, asked) == (0, []), done.stderr


@pytest.mark.parametrize("key", ["wk_a\nb", "wk_ü€"])
async def test_a_key_that_cannot_be_one_is_named_but_never_shown(
    service: Any, dispatcher: Any, file: Any, key: str
) -> None:
    done = await dispatcher("submit", file(warning()), WARN_API_KEY=key)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "WARN_API_KEY enthält Zeichen, die in keinem Schlüssel vorkommen\n"


async def test_a_line_end_after_the_key_does_no_harm(
    service: Any, run: Any, file: Any, surroundings: Any
) -> None:
    surroundings.setenv("WARN_API_KEY", f"{KEY}\n")
    assert (await run("preview", file(warning()))).exit_code == 0


async def test_what_is_no_answer_of_this_service_is_said(service: Any, run: Any, file: Any) -> None:
    done = await run("submit", file(warning()), "--url", f"{service.url}/v1/openapi.json?")
    assert done.exit_code == 1
    done = await run("status", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--url", f"{service.url}/livez?")
    assert (done.exit_code, "antwortet etwas anderes" in done.output) == (3, True)
    assert "erneut senden" not in done.output, "nothing was sent"


async def test_the_key_does_not_follow_where_an_answer_points(run: Any, surroundings: Any) -> None:
    """What it is sent to is what the operator named."""
    surroundings.setenv("WARN_API_KEY", KEY)
    asked = []

    async def elsewhere(reader: Any, writer: Any) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split()[1])
        writer.write(
            b"HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        writer.close()

    async with await asyncio.start_server(elsewhere, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        done = await run("status", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--url", f"http://127.0.0.1:{port}")
    assert (done.exit_code, asked) == (1, [b"/v1/alerts/01ARZ3NDEKTSV4RRFFQ69G5FAV"])


async def test_the_address_follows_the_port_of_the_api(
    service: Any, run: Any, file: Any, surroundings: Any
) -> None:
    surroundings.delenv("WARN_URL")
    surroundings.setenv("WARN_API_PORT", service.url.rpartition(":")[2])
    done = await run("preview", file(warning()))
    assert done.exit_code == 0, done.output
    surroundings.setenv("WARN_API_PORT", "0")
    done = await run("preview", file(warning()))
    assert (done.exit_code, "Port der Adresse" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ConnectionRefusedError(111, "refused"), "refused"),
        (TimeoutError("timed out"), "timeout"),
        (socket.gaierror(-2, "unknown"), "name"),
        (ssl.SSLCertVerificationError(), "certificate"),
        (ssl.SSLError(), "broken"),
        (ConnectionResetError(104, "reset"), "broken"),
        (http.client.RemoteDisconnected("closed"), "broken"),
        (http.client.IncompleteRead(b""), "broken"),
        (OSError(101, "unreachable"), "network"),
        ("a text", "broken"),
    ],
)
def test_every_outage_has_a_sentence(error: Any, name: str) -> None:
    assert _outage(error) == name
    for texts in CATALOGUES.values():
        assert "http://x" in texts.outages[name].format(url="http://x", seconds=30)
