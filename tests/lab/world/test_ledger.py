"""Reading what gateways wrote, a torn line included."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ops.lab.world import ledger
from ops.lab.world.ledger import Entry
from ops.lab.world.records import GatewayRecord

ENTRY = Entry(
    channel="sms",
    recipient="r1",
    accepted=True,
    status=202,
    wall_ns=1_795_341_092_043_125_727,
    mono_ns=5,
    process=10,
    number=1,
    port=8080,
    alert="ref-A",
    hash="abc",
    collapse="ref-A-42",
)


def test_no_file_is_an_empty_ledger(tmp_path: Path) -> None:
    assert ledger.read(tmp_path / "none") == ledger.Ledger((), 0)


def test_whole_lines_are_read_and_torn_ones_counted(tmp_path: Path) -> None:
    line = msgspec.json.encode(ENTRY)
    path = tmp_path / "ledger"
    path.write_bytes(line + b"\n" + line[:40] + b"\n" + line + b"\n" + line[:-1])
    assert ledger.read(path) == ledger.Ledger((ENTRY, ENTRY), 2)


def test_entries_become_records_under_the_message_s_own_id() -> None:
    (record,) = ledger.gateway_records([ENTRY], {"ref-A": "A"})
    when = datetime(2026, 11, 22, 9, 51, 32, 43_125, tzinfo=UTC)
    assert record == GatewayRecord("A", "r1", "sms", True, when, "abc", "", "ref-A-42", 202)
    (unnamed,) = ledger.gateway_records([ENTRY])
    assert unnamed.message == "ref-A"


def test_of_a_text_in_parts_the_one_counts_that_made_it_whole() -> None:
    parts = [
        msgspec.structs.replace(ENTRY, part=number, parts=2, incomplete=number == 1, collapse="")
        for number in (1, 2)
    ]
    (record,) = ledger.gateway_records(parts)
    assert (record.collapses, record.message) == (False, "ref-A")
