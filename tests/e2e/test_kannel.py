"""Our SMS through a real Kannel, with the settings of `ops/docs/sms-gateways.md`: what leaves it for the network, and what
it reports to us. The network is Kannel's own "fake" SMS centre, which writes a line for each short message.
"""

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from channels.base import ChannelMisconfigured, Endpoint, Notice, Receipt, Urgency
from channels.clock import utc_now
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.sms.fitting import compose
from channels.sms.gsm7 import Encoding
from channels.sms.http.carrier import HttpCarrier
from channels.sms.settings import SmsGatewaySettings
from dispatcher.embedded.parent_death import with_parent_death_signal
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import State
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from tests.api.conftest import introduce, serving
from tests.support import documents
from tests.support.histories import finish, ledger_of, plan, until
from tests.support.messages import DUEREN
from tests.support.programs import program
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

pytestmark = pytest.mark.processes

HOST = "127.0.0.1"
NUMBER = "+491713920000"  # set aside for films
STARTS_WITHIN_S = 30.0
SETTINGS = documents.page("sms-gateways.md")
PAGE = documents.page("delivery-reports.md")
INBOUND = documents.page("inbound-sms.md")
AROUND = """
group = core
admin-port = {admin}
admin-password = PASSWORD
admin-interface = 127.0.0.1
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1

group = smsc
smsc = fake
smsc-id = network
host = 127.0.0.1
port = {centre}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
{smsbox}

group = sms-service
{service}

{documented}"""
NOTHING_HANDED_ON = 'keyword = default\ntext = "-"'


def documented_gateway(
    sendsms: str = "https://kannel.example",
    api: str = "https://api.example",
    block: str = "kannel",
    **more: Any,
) -> Any:
    """A gateway of the document, at other addresses."""
    (text,) = documents.blocks(SETTINGS, f"json {block}")
    text = text.replace("https://kannel.example", sendsms).replace("https://api.example", api)
    (gateway,) = json.loads(text)
    return SmsGatewaySettings(**gateway | more)


def of_form(text: bytes) -> bytes:
    """What the fake centre has written as forms are."""
    return unquote_to_bytes(text.replace(b"+", b" "))


@dataclass
class Kannel:
    """Where Kannel takes texts, and the line to the network behind it."""

    origin: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, text: str) -> None:
        """Let the person answer with a text, as the network brings it."""
        self.writer.write(f"{NUMBER} 12345 text {text}\n".encode())

    async def short_message(self) -> tuple[int, str, bytes]:
        """The next one: its place among the parts, its kind and its content. A text of one part stands in the clear."""
        line = (await asyncio.wait_for(self.reader.readline(), 20)).rstrip(b"\n")
        sender, number, kind, rest = line.split(b" ", 3)
        assert (sender, number) == (b"WARNUNG", NUMBER.encode())
        if kind == b"text":
            return 1, "text", rest
        if kind == b"ucs-2":
            return 1, "ucs-2", of_form(rest)
        header, word, content = rest.split(b" ", 2)
        assert (kind, word) == (b"udh", b"data")
        return of_form(header)[-1], "part", of_form(content)


def connected(port: int) -> socket.socket:
    """A connection to what is about to listen there."""
    end = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            return socket.create_connection((HOST, port))
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, socket.socket]]:
    """Kannel's two programs, started once: the port of `sendsms`, and the line of the fake SMS centre."""
    with started(tmp_path_factory.mktemp("kannel"), "", NOTHING_HANDED_ON) as found:
        yield found


@contextlib.contextmanager
def started(tmp_path: Path, smsbox: str, service: str) -> Iterator[tuple[int, socket.socket]]:
    """Run Kannel's two programs, with what its groups `smsbox` and `sms-service` have."""
    listeners = [socket.create_server((HOST, 0)) for _ in range(4)]
    admin, inner, centre, sendsms = (one.getsockname()[1] for one in listeners)
    (documented,) = documents.blocks(PAGE, "ini kannel")
    values = {"admin": admin, "boxes": inner, "centre": centre, "sendsms": sendsms, "documented": documented}
    values |= {"smsbox": smsbox, "service": service}
    (tmp_path / "kannel.conf").write_text(AROUND.format(**values))
    for one in listeners:
        one.close()

    def start(name: str) -> subprocess.Popen[bytes]:
        command = [program(name, "kannel"), "-v", "4", str(tmp_path / "kannel.conf")]
        return subprocess.Popen(
            with_parent_death_signal(command, death_signal=signal.SIGKILL),
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    running = [start("bearerbox")]
    try:
        line = connected(centre)
        running.append(start("smsbox"))
        connected(sendsms).close()
        with line:
            yield sendsms, line
    finally:
        for process in reversed(running):
            process.kill()
            process.wait()


@pytest.fixture
async def kannel(boxes: tuple[int, socket.socket]) -> AsyncIterator[Kannel]:
    async with on_the_line(boxes) as found:
        yield found


@contextlib.asynccontextmanager
async def on_the_line(boxes: tuple[int, socket.socket]) -> AsyncIterator[Kannel]:
    port, shared = boxes
    line = shared.dup()  # each test has a loop of its own, and reads all that it sends
    line.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=line)
    yield Kannel(f"http://{HOST}:{port}", reader, writer)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def line_of(tmp_path: Path, smsbox: str, service: str) -> AsyncIterator[Kannel]:
    """A Kannel of its own. It is started in a thread: the service that it speaks to runs here."""
    stack = contextlib.ExitStack()
    with stack:
        boxes = await asyncio.to_thread(stack.enter_context, started(tmp_path, smsbox, service))
        async with on_the_line(boxes) as found:
            yield found


async def send(gateway: SmsGatewaySettings, text: str, alert_id: str, number: int, language: str) -> Receipt:
    """Send one text as the channel does."""
    origin = gateway.url.removesuffix("/cgi-bin/sendsms")
    http = HttpClient(AddressPolicy(frozenset({origin})))
    carrier = HttpCarrier(http, gateway.gateway())
    deadline = utc_now() + timedelta(hours=2)
    notice = Notice(alert_id, "k" * 32, "Titel", text, b"{}", language, Urgency.HIGH, deadline)
    try:
        (receipt,) = [
            one
            async for known in carrier.send(notice, [Endpoint(number, NUMBER, {"gateway": "kannel"})])
            for one in known
        ]
    finally:
        await http.aclose()
    return receipt


TEXTS = {
    "GSM-7": (
        "de",
        "Hochwasser an der Rur: Gefährdet sind Düren & Jülich. 100 % der Ställe räumen, 5 € [Maß] {a} ~ x",
    ),
    "GSM-7 in parts": ("de", "Straße überflutet €. " * 20 + "Ende ß"),
    "an escaped sign at the seam": ("de", "a" * 152 + "€" + "b" * 152 + "€ Ende"),
    "UCS-2": ("uk", "Повінь у місті Дюрен"),
    "UCS-2 in parts": ("uk", "Повінь. Підніміться на верхні поверхи. " * 5 + "Кінець"),
}


@pytest.mark.parametrize("block", ["kannel", "kannel-get"])
@pytest.mark.parametrize("kind", TEXTS)
async def test_texts_leave_kannel_whole(kannel: Kannel, kind: str, block: str) -> None:
    language, text = TEXTS[kind]
    sms = compose(text, 6, language)
    assert (sms.encoding is Encoding.UCS2) == kind.startswith("UCS-2")
    assert not sms.clipped
    receipt = await send(documented_gateway(kannel.origin, block=block), text, "01ALERT", 7, language)
    assert receipt.error is None
    parts = [await kannel.short_message() for _ in sms.parts]
    assert [place for place, _, _ in parts] == list(range(1, len(sms.parts) + 1))
    charset = "utf-16-be" if sms.encoding is Encoding.UCS2 else "utf-8"  # the fake centre's, of texts
    assert "".join(content.decode(charset) for _, _, content in parts) == sms.text


async def test_without_the_documented_settings_kannel_would_cut(kannel: Kannel) -> None:
    """The test above can fail: with another coding a Ukrainian text leaves as question marks."""
    wrong = documented_gateway(kannel.origin, encodings={"ucs2": "0"})
    await send(wrong, "Повінь", "01ALERT", 7, "uk")
    _, kind, content = await kannel.short_message()
    assert (kind, content.decode("utf-16-be", "replace") == "Повінь") == ("text", False)


async def test_a_wrong_password_is_a_fault_of_the_settings(kannel: Kannel) -> None:
    wrong = documented_gateway(kannel.origin, secrets={"user": "warnung", "password": "falsch"})
    with pytest.raises(ChannelMisconfigured, match="403"):
        await send(wrong, "Hochwasser", "01ALERT", 7, "de")


@pytest.mark.parametrize(
    "request_", [{"json": {"to": "{to}", "text": "{text}"}}, {"headers": {"X-Kannel-Priority": "4"}}]
)
async def test_what_kannel_does_not_take_is_a_fault_of_the_settings(
    kannel: Kannel, request_: dict[str, Any]
) -> None:
    with pytest.raises(ChannelMisconfigured, match="request"):
        await send(documented_gateway(kannel.origin, request=request_), "Hochwasser", "01ALERT", 7, "de")


async def test_kannel_reports_what_became_of_a_text(
    kannel: Kannel, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(
        database_url=database_url,
        redis_url=redis_url,
        data_dir=tmp_path,
        key_pepper="pepper of the tests",
        sms_gateways=(documented_gateway(),),
    )
    pool = await record.connect(database_url, size=2)
    async with serving(settings) as service:
        await introduce(service.parts)
        person = NewSubscription("sms", "kannel", NUMBER, {"gateway": "kannel"}, (DUEREN,))
        await Subscriptions(pool, ADDRESSES).add_many([person])
        alert_id = (await service.submit(warning(DUEREN))).json["alert"]["id"]
        ledger = ledger_of(pool)
        (batch,) = await plan(ledger, Plans(pool, 2), alert_id)
        (recipient,) = await pool.fetchval("SELECT recipients FROM batch")
        await finish(ledger, batch.batch_id, State.ACCEPTED)
        await send(documented_gateway(kannel.origin, service.url), "Hochwasser", alert_id, recipient, "de")
        assert await kannel.short_message() == (1, "text", b"Hochwasser")

        async def delivered() -> bool:
            answer = await service.get(f"/v1/alerts/{alert_id}/ledger")
            return [json.loads(line)["report"] for line in answer.body.splitlines()] == ["delivered"]

        await until(delivered)
    await pool.close()


def handing_on(api: str, secret: str) -> tuple[str, str]:
    """The documented lines that hand texts on, for an API at another address: what `smsbox` and `sms-service` get."""
    (documented,) = documents.blocks(INBOUND, "ini")
    assert "https://warn.example/" in documented
    assert "token=SECRET&" in documented
    text = documented.replace("https://warn.example", api).replace("token=SECRET&", f"token={secret}&")
    smsbox, service = (group.partition("\n")[2] for group in text.split("\n\n"))
    return smsbox, service


async def test_a_stop_that_kannel_hands_on_ends_the_number_and_nothing_is_sent_back(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """From the network to the record, by the documented lines alone; and a Kannel without the secret ends nobody."""
    secret = "geheimnis-des-kannel"
    gateway = documented_gateway(inbound={"secret": secret})
    settings = Settings(
        database_url=database_url,
        redis_url=redis_url,
        data_dir=tmp_path,
        key_pepper="pepper of the tests",
        sms_gateways=(gateway,),
    )
    pool = await record.connect(database_url, size=2)
    async with serving(settings) as service:
        await introduce(service.parts)
        person = NewSubscription("sms", "kannel", NUMBER, {"gateway": "kannel"}, (DUEREN,))
        await Subscriptions(pool, ADDRESSES).add_many([person])

        def counted(verdict: str) -> float:
            return service.count("warn_sms_inbound_total", gateway="kannel", verdict=verdict)

        async def told() -> int:
            return int(await pool.fetchval("SELECT count(*) FROM subscription WHERE ended_at IS NULL"))

        async def says(kannel: Kannel, text: str, verdict: str) -> None:
            before = counted(verdict)
            kannel.say(text)

            async def is_counted() -> bool:
                return counted(verdict) > before

            await until(is_counted)

        async with line_of(tmp_path, *handing_on(service.url, "another-secret-of-20")) as stranger:
            await says(stranger, "STOP", "refused")
            assert await told() == 1
        async with line_of(tmp_path, *handing_on(service.url, secret)) as kannel:
            await says(kannel, "Danke für die Warnung, nicht STOP", "not_understood")
            assert await told() == 1
            await says(kannel, " Stopp! ", "ended")
            assert await told() == 0
            assert await pool.fetchval("SELECT count(*) FROM sms_opt_out") == 1
            await says(kannel, "stop", "noted")
            # What comes next on the line is what we send: to none of the three texts an answer was.
            await send(documented_gateway(kannel.origin), "Hochwasser", "01ALERT", 7, "de")
            assert await kannel.short_message() == (1, "text", b"Hochwasser")
    await pool.close()
