"""What is hashed of a line."""

import hashlib

from dispatcher.audit.entry import GENESIS, AuditEntry, entry_hash

ENTRY = AuditEntry(
    "12", "771", "2026-11-29T13:25:59.123456Z", "operator:Jülich", "key.add", None, '{"key": "x"}'
)


def test_the_hash_is_that_of_the_page_for_auditors() -> None:
    said = (
        b"cap-dispatcher audit entry 1\n"
        b"1:7,"
        b"64:" + b"00" * 32 + b","
        b"2:12,3:771,27:2026-11-29T13:25:59.123456Z,"
        b'16:operator:J\xc3\xbclich,7:key.add,-12:{"key": "x"},'
    )  # fmt: skip
    assert entry_hash(7, GENESIS, ENTRY) == hashlib.sha256(said).digest()


def test_what_is_of_ascii_alone_is_hashed_by_the_same_rule() -> None:
    said = (
        b"cap-dispatcher audit entry 1\n1:7,64:" + b"00" * 32 + b","
        b'2:12,3:771,27:2026-11-29T13:25:59.123456Z,13:operator:anna,7:key.add,2:A1,12:{"key": "x"},'
    )
    entry = ENTRY._replace(actor="operator:anna", alert_id="A1")
    assert entry_hash(7, GENESIS, entry) == hashlib.sha256(said).digest()


def test_no_two_lines_are_hashed_alike_as_fields_do_not_run_into_each_other() -> None:
    hashes = {
        entry_hash(7, GENESIS, one)
        for one in (
            ENTRY,
            ENTRY._replace(actor="operator", action=":Jülichkey.add"),
            ENTRY._replace(alert_id=""),
            ENTRY._replace(alert_id="-"),
            ENTRY._replace(alert_id="12:"),
        )
    }
    assert len(hashes) == 5
