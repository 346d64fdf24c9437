"""Who was told of one message, by ledgers as they should be, and as they must never be."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.lab.demo import counting
from ops.lab.world.ledger import Tail, gateway_records
from ops.lab.world.population import Recipient
from ops.lab.world.records import GatewayRecord
from ops.lab.world.service import ServiceError
from tests.lab.demo.test_parts import entry, line

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWED = ("one", "other")


def record(
    recipient: str, message: str = "A", *, accepted: bool = True, after_s: float = 2.0
) -> GatewayRecord:
    return GatewayRecord(message, recipient, "webpush", accepted, AT + timedelta(seconds=after_s), "")


RIGHT = (record("one"), record("other", after_s=3.5))


def counted(*records: GatewayRecord) -> counting.ToldCounts:
    return counting.count("alert", "A", OWED, records, AT)


def test_everybody_told_once_is_no_fault() -> None:
    found = counted(*RIGHT, record("one", accepted=False), record("stranger", "B"))
    assert list(counting.faults("it", found)) == []
    assert (found.owed, found.once, found.reached, found.first_s, found.last_s) == (2, 2, 2, 2.0, 3.5)
    assert counting.said(found) == "owed to 2, told once 2, doubled 0, missed 0, astray 0"


@pytest.mark.parametrize(
    ("records", "fault"),
    [
        (RIGHT[1:], "it: missed=1"),
        ((*RIGHT, record("one")), "it: doubled=1"),
        ((*RIGHT, record("stranger")), "it: astray=1"),
    ],
)
def test_whatever_else_the_ledgers_say_is_found(records: tuple[GatewayRecord, ...], fault: str) -> None:
    assert list(counting.faults("it", counted(*records))) == [fault]


def test_what_is_owed_to_nobody_proves_nothing() -> None:
    nobody = counting.count("alert", "A", (), (), AT)
    assert list(counting.faults("it", nobody)) == ["it was owed to nobody"]
    assert [counting.seconds(nobody.first_s), counting.seconds(1.234, 2)] == ["never", "1.23 s"]


def test_the_service_must_claim_what_the_gateways_have() -> None:
    assert list(counting.unclaimed("it", counted(*RIGHT), 2)) == []
    assert list(counting.unclaimed("it", counted(*RIGHT), 3)) == [
        "it: the service claims 3, the gateways have 2"
    ]


def test_a_message_is_followed_until_all_are_told_or_it_is_too_late(tmp_path: Path) -> None:
    ledger = tmp_path / "one"
    ledger.write_bytes(line(entry("one")) + line(entry("other")) + line(entry("stranger")))
    counting.follow(Tail([ledger]), "A", OWED, time.monotonic() + 60)
    with pytest.raises(ServiceError, match="1 people were not told of A in time"):
        counting.follow(Tail([ledger]), "A", (*OWED, "third"), time.monotonic() - 1)


def test_to_who_has_left_before_nothing_is_owed() -> None:
    places = {"here"}
    known = [
        Recipient(ref=ref, places=("here",), channel="webpush", address="/", instance="here")
        for ref in ("stays", "left", "busy")
    ]
    answers = [entry("left", 410), entry("busy", 503), entry("stays")]
    left = counting.gone(answers)
    assert left == counting.gone(gateway_records(answers)) == {"left"}
    assert counting.concerned(known, (), places) == {"stays", "left", "busy"}
    assert counting.concerned(known, (), places, left) == {"stays", "busy"}
