"""The texts that gateways wrote down, part by part."""

import json
from pathlib import Path
from typing import Any

import msgspec

from ops.lab.demo.authority.texts import KeptText, kept, languages
from ops.lab.world.ledger import Entry
from ops.lab.world.people import VETTWEISS, make
from ops.lab.world.population import Recipient
from tests.lab.demo.test_parts import entry, line

DOCUMENT = {
    "title": "ENTWARNUNG",
    "headline": "Fehlalarm",
    "kind": "cancel",
    "instruction": "",
    "notification": {"title": "ENTWARNUNG: Fehlalarm", "body": "Vettweiß", "silent": False},
}


def written(recipient: str, text: str, **otherwise: Any) -> Entry:
    return msgspec.structs.replace(entry(recipient, **otherwise), text=text)


def test_each_part_that_may_be_shown_by_itself_is_read(tmp_path: Path) -> None:
    (tmp_path / "ledgers").mkdir()
    entries = [
        written("push", json.dumps(DOCUMENT)),
        written("text", "ENTWARNUNG: Fehlalarm", channel="sms"),
        written("other alert", json.dumps(DOCUMENT), alert="B"),
        written("refused", json.dumps(DOCUMENT), status=503),
        entry("not kept"),
    ]
    (tmp_path / "ledgers" / "one.ndjson").write_bytes(b"".join(map(line, entries)))
    parts = {
        "title": "ENTWARNUNG",
        "headline": "Fehlalarm",
        "notification": "ENTWARNUNG: Fehlalarm\nVettweiß",
    }
    assert kept(tmp_path, {"A"}) == [
        KeptText("A", "push", parts),
        KeptText("A", "text", {"text": "ENTWARNUNG: Fehlalarm"}),
    ]


def test_everybody_reads_a_language() -> None:
    people = [person for person, _ in make(1, 1)]
    imported = Recipient(ref="r", places=(VETTWEISS,), channel="sms", address="+4900", instance=VETTWEISS)
    found = languages([imported], people)
    assert found["r"] == "de"
    assert {found[person.endpoints[0].ref] for person in people} == {"de", "en", "uk"}
