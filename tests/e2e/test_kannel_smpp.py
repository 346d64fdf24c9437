"""Debian's Kannel between us and the stand-in SMS centre: it takes our HTTP, binds to the centre by SMPP, and keeps a log.

It is the stand-in's oracle, for it knows nothing of the service's codec. The texts are those of every kind that a
warning may be.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.sms.channel import Sms
from channels.sms.gsm7 import Encoding, encoding_of
from channels.sms.http.carrier import HttpCarrier
from ops.lab.gateways import launch
from ops.lab.gateways.launch import Standin
from ops.lab.gateways.state import number_ref
from ops.lab.world.ledger import read
from tests.delivery import conftest as pipeline
from tests.delivery.conftest import House
from tests.e2e.test_kannel import PAGE, documented_gateway
from tests.store import conftest as on_record
from tests.support import documents
from tests.support.agreement import EACH, WARNINGS, Sent, disagreements, distorted, synthetic, warn
from tests.support.kannel import BoundKannel, bound_kannel, masked

pytestmark = pytest.mark.processes

accounts = on_record.accounts
alerts = on_record.alerts
house = pipeline.house
ledger = on_record.ledger
pool = on_record.pool
sources = on_record.sources
subscriptions = on_record.subscriptions
wake_ups = pipeline.wake_ups

WITHIN_S = 20.0
OPTIONS = ("--system-id", "kreis", "--password", "geheim")
TEXTS = {
    "GSM-7": "Gefährdet sind Düren & Jülich: 5 € [Maß] {a} ~ x",
    "GSM-7 in parts": "Straße überflutet €. " * 20 + "Ende ß",
    "an escaped sign at the seam": "a" * 152 + "€" + "b" * 152 + "€ Ende",
    "UCS-2": "Повінь у місті Łódź",
    "UCS-2 in parts": "Повінь. Підніміться на верхні поверхи. " * 5 + "Кінець",
}


@dataclass
class Line:
    """Kannel, and the centre that it is bound to."""

    kannel: BoundKannel
    home: Path
    running: ExitStack
    centre: Standin
    numbers: Iterator[str] = field(default_factory=synthetic)

    def entries(self) -> Any:
        return read(self.centre.ledger).entries

    def start_centre(self) -> None:
        (port,) = self.centre.ready.ports
        self.centre = self.running.enter_context(
            launch.start(
                "smsc", ledger=self.centre.ledger, state=self.home, options=(*OPTIONS, "--port", str(port))
            )
        )

    def text_of(self, number: str) -> str:
        """The text that the centre put together for that number."""
        (entry,) = until(
            lambda: [
                one for one in self.entries() if one.recipient == number_ref(number) and not one.incomplete
            ]
        )
        return str(entry.text)

    def reports(self, number: str, count: int) -> list[int]:
        """What Kannel understood of the receipts for that number."""
        return until(
            lambda: [one.report for one in self.kannel.lines("Receive DLR") if one.number == number],
            lambda found: len(found) >= count,
        )


def until(look: Callable[[], Any], holds: Callable[[Any], bool] = bool) -> Any:
    """What `look` returns once it holds; the last it returned, if it does not in time."""
    end = time.monotonic() + WITHIN_S
    while not holds(found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def line(processes: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    home = tmp_path_factory.mktemp("kannel")
    (documented,) = documents.blocks(PAGE, "ini kannel")
    with ExitStack() as running:
        centre = running.enter_context(
            launch.start("smsc", ledger=home / "smsc.ndjson", state=home, options=OPTIONS)
        )
        kannel = running.enter_context(bound_kannel(home, centre.ready.ports[0], documented))
        yield Line(kannel, home, running, centre)


@pytest.fixture(autouse=True)
def plain(line: Line) -> None:
    line.centre.clear_faults()
    line.centre.receipt_no_more()


def sent(line: Line, text: str, number: str) -> None:
    coding = {"coding": "2", "charset": "UTF-8"} if encoding_of(text) is Encoding.UCS2 else {}
    assert line.kannel.send(to=number, text=text, **coding)[0] == 202


def test_texts_of_all_kinds_arrive_whole_and_their_receipts_are_understood(line: Line) -> None:
    line.centre.receipt(form="text")
    numbers = {kind: next(line.numbers) for kind in TEXTS}
    for kind, number in numbers.items():
        sent(line, TEXTS[kind], number)
    assert {kind: line.text_of(number) for kind, number in numbers.items()} == TEXTS
    assert all(sorted(line.reports(number, 2)) == [1, 8] for number in numbers.values())


@pytest.mark.parametrize(
    ("plan", "reports"),
    [
        ({"sequences": ["failed"], "error": "0A1", "dates": "seconds"}, [2, 8]),
        ({"sequences": ["expired"], "form": "text"}, [2, 4, 8]),
        ({"sequences": ["expired"], "form": "tlv"}, [4, 8, 34]),
        ({"sequences": ["contradicted"], "form": "both"}, [2, 8]),
        ({"form": "tlv"}, [1, 8]),
    ],
)
def test_receipts_of_all_kinds_are_understood(line: Line, plan: dict[str, Any], reports: list[int]) -> None:
    line.centre.receipt(**plan)
    number = next(line.numbers)
    sent(line, "Hochwasser", number)
    found = line.reports(number, len(reports))
    assert sorted(found) == reports
    final = {str(report) for report in found} - {"4", "8"}
    documented = documented_gateway().reports
    assert final <= (documented.delivered if final == {"1"} else documented.failed)


def test_a_refused_text_is_understood(line: Line) -> None:
    line.centre.set_faults({"match": {"nth": [1]}, "action": {"kind": "status", "status": 0x0B}})
    number = next(line.numbers)
    sent(line, "Hochwasser", number)
    assert line.reports(number, 1) == [16]


def test_it_binds_again_to_a_centre_that_died(line: Line) -> None:
    line.centre.kill()
    number = next(line.numbers)
    sent(line, "Hochwasser", number)
    line.start_centre()
    assert line.text_of(number) == "Hochwasser"


async def test_its_log_agrees_with_our_ledger_message_by_message(line: Line, house: House) -> None:
    gateway = documented_gateway(line.kannel.origin)
    http = HttpClient(AddressPolicy(frozenset({line.kannel.origin})))
    before = len(line.kannel.lines("Sent SMS"))
    ours = await warn(house, Sms({"kannel": HttpCarrier(http, gateway.gateway())}), "kannel", line.numbers)
    await http.aclose()
    assert len(ours) == EACH * len(WARNINGS)
    logged = until(lambda: line.kannel.lines("Sent SMS")[before:], lambda found: len(found) >= len(ours))
    log = [Sent(one.number, one.text) for one in logged]
    seen = [Sent(one.number, as_logged(one.text)) for one in ours]
    assert disagreements(seen, log) == []
    assert all(disagreements(seen, wrong) for wrong in distorted(log))
    at_the_centre = [Sent(one.number, line.text_of(one.number)) for one in ours]
    assert disagreements(ours, at_the_centre) == []


def as_logged(text: str) -> str:
    return text if encoding_of(text) is Encoding.UCS2 else masked(text)
