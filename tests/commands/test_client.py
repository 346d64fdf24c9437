"""A control centre's side, against a live API."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dispatcher.commands.client import ZONE, _finding_line, _local, status_table
from dispatcher.model.principals import Source
from dispatcher.settings import Settings
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from tests.api.conftest import KEY, introduce, serving
from tests.support.histories import ledger_of, plan, subscribe
from tests.support.messages import DUEREN, JUELICH, SENDER, InfoPart
from tests.support.submissions import warning


@pytest.fixture
async def service(surroundings: Any) -> AsyncIterator[Any]:
    async with serving(Settings()) as service:
        await introduce(service.parts)
        surroundings.setenv("WARN_API_KEY", KEY)
        surroundings.setenv("WARN_URL", service.url)
        yield service


@pytest.fixture
def pool(service: Any) -> Any:
    return service.parts.health.pool


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(message: Any) -> Any:
        path = tmp_path / "warnung.xml"
        path.write_bytes(message.xml())
        return path

    return write


async def test_submit_preview_and_status_as_processes(
    service: Any, dispatcher: Any, file: Any, pool: Any
) -> None:
    path = file(warning(DUEREN, JUELICH))
    await subscribe(pool, Subscriptions(pool), "anna")
    previewed = await dispatcher("preview", path)
    assert previewed.returncode == 0, previewed.stderr
    assert previewed.stdout.startswith("first_notice (Spur priority, gültig bis ")
    assert f"  {DUEREN} Düren: webpush 1\n" in previewed.stdout
    assert f"  {JUELICH} Jülich: niemand\n" in previewed.stdout
    submitted = await dispatcher("submit", path)
    assert submitted.returncode == 0, submitted.stderr
    alert_id = submitted.stdout.split()[0]
    assert f"{alert_id} first_notice\n" in submitted.stdout
    again = await dispatcher("submit", path)
    assert f"{alert_id} first_notice (schon angenommen)\n" in again.stdout
    await plan(ledger_of(pool), Plans(pool, 10), alert_id)
    status = await dispatcher("status", alert_id)
    assert status.returncode == 0, status.stderr
    assert "pending 1" in status.stdout
    assert "Hochwasser an der Rur" in status.stdout


async def test_following_ends_when_everybody_is_accounted_for(service: Any, run: Any, file: Any) -> None:
    exercise = warning(status="Exercise", more="<note>Übung</note>")
    done = await run("submit", file(exercise), "--follow")
    assert done.exit_code == 0, done.output
    assert "recorded" in done.output


async def test_a_refusal_names_every_finding_with_its_line(service: Any, run: Any, file: Any) -> None:
    bad = warning(infos=(InfoPart(severity="Schlimm"),))
    done = await run("submit", file(bad))
    assert done.exit_code == 1
    assert "422 The message breaks rules of CAP" in done.output
    assert "(Zeile " in done.output


async def test_what_has_no_target_is_named(service: Any, run: Any, file: Any) -> None:
    bad = warning(infos=(InfoPart(areas=(), shapes="<circle>48.1,11.5 5</circle>"),))
    done = await run("preview", file(bad))
    assert done.exit_code == 1
    assert 'Kreis 1 von Gebiet 1 "Gebiet": Liegt außerhalb der Gebietsdaten.' in done.output


async def test_a_wrong_key_is_said(service: Any, run: Any, file: Any, surroundings: Any) -> None:
    surroundings.setenv("WARN_API_KEY", "wrong")
    done = await run("submit", file(warning()))
    assert (done.exit_code, "401" in done.output) == (1, True)


@pytest.mark.parametrize("key", ["", " \n", None])
async def test_no_key_is_said_before_anybody_is_asked(
    run: Any, file: Any, surroundings: Any, key: str | None
) -> None:
    if key is not None:
        surroundings.setenv("WARN_API_KEY", key)
    done = await run("submit", file(warning()), "--url", "http://127.0.0.1:9")
    assert (done.exit_code, "WARN_API_KEY fehlt oder ist leer" in done.output) == (1, True)
    assert "keine Antwort" not in done.output


async def test_no_answer_means_unknown_and_to_send_again(run: Any, file: Any, surroundings: Any) -> None:
    surroundings.setenv("WARN_API_KEY", KEY)
    done = await run("submit", file(warning()), "--url", "http://127.0.0.1:9")
    assert done.exit_code == 3
    assert "bitte erneut senden" in done.output


async def test_a_reached_quota_is_told_from_a_refusal_and_says_when_to_send_again(
    service: Any, run: Any, file: Any
) -> None:
    source = Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",), quota=1)
    await service.parts.sources.put(source)
    assert (await run("submit", file(warning()))).exit_code == 0
    done = await run("submit", file(warning()))
    assert done.exit_code == 4
    assert "429 The source has submitted too many warnings" in done.output
    assert re.search(r"erneut senden in [0-9]{2,4} s\n", done.output)


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
    for command, argument in (("submit", file(warning())), ("preview", file(warning())), ("status", "x")):
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
    path = file(warning(status="Exercise", more="<note>Übung</note>"))
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
            done = await run("status", "x", "--url", url)
            said = f"404 Not Found: unter {url}/v1/alerts/x gibt es diesen Dienst nicht"
            assert (done.exit_code, said in done.output) == (1, True), done.output
    done = await run("status", "x")
    assert (done.exit_code, "gibt es diesen Dienst nicht" in done.output) == (1, False), (
        "it is this service's answer"
    )


async def test_the_exit_codes_are_told(run: Any) -> None:
    told = " ".join((await run("submit", "--help")).output.split())
    assert all(f" {code}: " in f" {told}" for code in (1, 2, 3, 4))


@pytest.mark.parametrize("command", ["submit", "preview", "status"])
@pytest.mark.parametrize(
    "host",
    ["warn.invalid", "localhost.invalid", "127.0.0.1.invalid", "10.0.0.1:8080", "[2001:db8::1]", "0.0.0.0"],
)
async def test_a_key_goes_over_http_to_this_machine_only(
    run: Any, file: Any, surroundings: Any, command: str, host: str
) -> None:
    surroundings.setenv("WARN_API_KEY", KEY)
    argument = "01ARZ" if command == "status" else file(warning())
    done = await run(command, argument, "--url", f"http://{host}")
    assert done.exit_code == 2
    assert "ginge der Schlüssel unverschlüsselt zu einem anderen Rechner" in done.output
    assert KEY not in done.output


@pytest.mark.parametrize("url", ["https://warn.invalid", "http://warn.invalid"])
async def test_tls_or_being_told_is_enough(run: Any, file: Any, surroundings: Any, url: str) -> None:
    """Nobody is there; that is asked means that it was let go."""
    surroundings.setenv("WARN_API_KEY", KEY)
    done = await run("submit", file(warning()), "--url", url, "--insecure-http")
    assert (done.exit_code, "keine Antwort von" in done.output) == (3, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "localhost", "LOCALHOST", "[::1]"])
async def test_this_machine_has_several_names(run: Any, file: Any, surroundings: Any, host: str) -> None:
    surroundings.setenv("WARN_API_KEY", KEY)
    done = await run("preview", file(warning()), "--url", f"http://{host}:9")
    assert (done.exit_code, "keine Antwort von" in done.output) == (3, True)


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
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "WARN_API_KEY enthält Zeichen, die in keinem Schlüssel vorkommen\n"


async def test_a_line_end_after_the_key_does_no_harm(
    service: Any, run: Any, file: Any, surroundings: Any
) -> None:
    surroundings.setenv("WARN_API_KEY", f"{KEY}\n")
    assert (await run("preview", file(warning()))).exit_code == 0


@pytest.mark.parametrize("name", ["nope", "../livez", "a b", "?"])
async def test_an_alert_that_cannot_be_is_not_found(service: Any, run: Any, name: str) -> None:
    done = await run("status", name)
    assert done.exit_code == 1
    assert done.output.startswith("404 Not")
    assert "None" not in done.output


async def test_what_is_no_answer_of_this_service_is_said(service: Any, run: Any, file: Any) -> None:
    done = await run("submit", file(warning()), "--url", f"{service.url}/v1/openapi.json?")
    assert done.exit_code == 1
    done = await run("status", "x", "--url", f"{service.url}/livez?")
    assert (done.exit_code, "antwortet etwas anderes" in done.output) == (3, True)
    assert "erneut senden" not in done.output, "nothing was sent"


async def test_municipalities_beyond_the_territory_are_all_listed(service: Any, run: Any, file: Any) -> None:
    done = await run("submit", file(warning(DUEREN, "05334002", "05334004")))
    assert "403 The area reaches beyond" in done.output
    assert "  05334002 Aachen\n  05334004 Alsdorf\n" in done.output


@pytest.mark.parametrize("command", ["submit", "preview"])
async def test_what_is_to_be_named_instead_is_printed_as_references_have_it(
    service: Any, run: Any, file: Any, command: str
) -> None:
    one = warning()
    update = one.later("nachtrag")
    other = one.later("zweig", minutes=2, infos=(InfoPart(areas=(JUELICH,), headline="Dort auch"),))
    for each in (one, update, other):
        assert (await run("submit", file(each))).exit_code == 0
    end = one.later("ende", "Cancel", minutes=3, infos=())
    done = await run(command, file(end))
    assert done.exit_code == 1
    references = [line.strip() for line in done.output.splitlines()[1:]]
    assert [line.split(",")[1] for line in references] == ["nachtrag", "zweig"]
    assert all(line.endswith("-00:00") for line in references)
    xml = end.xml().decode()
    begin, rest = xml.split("<references>")
    path = file(end)
    path.write_text(f"{begin}<references>{' '.join(references)}{rest[rest.index('</references>') :]}")
    done = await run(command, path)
    assert done.exit_code == 0, done.output
    assert "cancel" in done.output.splitlines()[0]
    assert not [line for line in done.output.splitlines() if "reference" in line], "no finding about them"


async def test_what_was_put_right_in_a_message_is_shown(service: Any, run: Any, file: Any) -> None:
    swapped = warning(infos=(InfoPart(areas=(), shapes="<circle>6.48,50.8 2</circle>"),))
    done = await run("preview", file(swapped))
    assert done.exit_code == 0
    assert "Breite und Länge waren vertauscht" in done.output
    assert "insgesamt: niemand" in done.output
    await run("submit", file(swapped))
    assert "(schon angenommen)" in (await run("preview", file(swapped))).output.splitlines()[0]


async def test_where_a_shape_counts_few_and_none_look_alike(
    service: Any, pool: Any, run: Any, file: Any
) -> None:
    await subscribe(pool, Subscriptions(pool), "anna")
    done = await run(
        "preview", file(warning(infos=(InfoPart(areas=(), shapes="<circle>50.8,6.48 0.5</circle>"),)))
    )
    assert f"  {DUEREN} Düren: webpush < 5\ninsgesamt: webpush < 5\n" in done.output


async def test_following_waits_for_a_service_that_starts_again(service: Any, run: Any, file: Any) -> None:
    """The control centre sees the end of it, though the API was away in between."""
    alert_id = (await run("submit", file(warning(status="Exercise", more="<note>Übung</note>")))).output[:26]
    asked = 0

    async def relay(reader: Any, writer: Any) -> None:
        nonlocal asked
        asked += 1
        head = await reader.readuntil(b"\r\n\r\n")
        if asked == 1:
            writer.write(
                b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
        elif asked > 2:
            inner, out = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
            out.write(head)
            writer.write(await inner.read())
            out.close()
        writer.close()

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        done = await run("status", alert_id, "--follow", "--url", f"http://127.0.0.1:{port}")
    assert (done.exit_code, asked) == (0, 3), done.output
    assert "recorded" in done.output


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
        done = await run("status", "x", "--url", f"http://127.0.0.1:{port}")
    assert (done.exit_code, asked) == (1, [b"/v1/alerts/x"])


HOSTILE = "Hoch\x9b2J\u202ewasser\x1b[31m\u200b [red]an[/] der Rur"


def test_a_headline_controls_no_terminal() -> None:
    out = io.StringIO()
    alert = {"headline": HOSTILE, "state": "planned\x07", "reason": "update", "audience": 1}
    channel = {"channel": "sms\x9b", "kind": "alert\u202e", "states": {"accepted\x1b": 1}}
    Console(file=out, width=200, color_system=None).print(
        status_table({"alert": alert, "channels": [channel]})
    )
    assert out.getvalue().replace("\n", "").isprintable()
    assert "[red]an[/]" in out.getvalue()


def test_nor_does_what_is_said_of_a_message() -> None:
    line = _finding_line({"code": "x", "line": 3, "value": HOSTILE, "message_de": f"Zum Gebiet:\n{HOSTILE}."})
    assert line.isprintable()
    assert "an[/] der Rur." in line


async def test_a_hostile_message_is_submitted_and_shown(service: Any, run: Any, file: Any) -> None:
    sent = file(warning(DUEREN, headline="Hoch\x9b2Jwasser\u202e", instruction="\u2066Meiden"))
    submitted = await run("submit", str(sent))
    assert submitted.exit_code == 0, submitted.output
    shown = await run("status", submitted.stdout.split()[0])
    assert shown.exit_code == 0, shown.output
    assert (submitted.output + shown.output).replace("\n", "").isprintable()
    assert "Hoch\ufffd2Jwasser\ufffd" in shown.output


@pytest.mark.parametrize(
    ("zone", "said"),
    [("", "07:25 CET"), ("Europe/London", "06:25 GMT"), ("Nowhere/Else", "06:25 UTC"), ("../x", "06:25 UTC")],
)
def test_a_time_is_told_in_the_recipients_zone_by_its_name(surroundings: Any, zone: str, said: str) -> None:
    surroundings.setenv("TZ", "Asia/Tokyo")
    surroundings.setenv("WARN_TIME_ZONE", zone)
    assert f"{_local(datetime(2026, 11, 28, 6, 25, tzinfo=UTC)):%H:%M %Z}" == said


def test_the_zone_is_that_of_the_settings() -> None:
    assert Settings.model_fields["time_zone"].default == ZONE
