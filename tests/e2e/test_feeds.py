"""The corpus' DWD bundle and NINA warning, replayed into a running service, down to the stand-in gateways."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import cap
from cap.formats.archive import members
from dispatcher.boundaries.municipalities import Boundaries
from ops.geodata.build import GERMANY
from ops.lab.world import ledger
from ops.lab.world.district import District, Layout
from ops.lab.world.population import PopulationPlan
from tests.support.feed_messages import CORPUS, corpus

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

DWD = "dwd/Z_CAP_C_EDZW_LATEST_PVW_STATUS_PREMIUMDWD_COMMUNEUNION_MUL.zip"
NINA = "nina/mow.DE-HE-KS-SE106-20250313-106-001"
FEEDS = """
[[feed]]
name = "dwd"
adapter = "dwd"
urls = ["https://opendata.dwd.de/weather/alerts/cap/COMMUNEUNION_DWD_STAT/STAT.zip"]

[[feed]]
name = "nina"
adapter = "nina"
urls = ["https://warnung.bund.de/api31/mowas/mapData.json"]
"""
KASSEL, BERGSTRASSE, HOME = "06611000", "06431011", "05358008"
PATIENCE_S = 60.0


@pytest.fixture
def district(server_dir: Path, tmp_path: Path) -> Iterator[Any]:
    corpus(DWD)
    if not GERMANY.exists():
        pytest.skip("no boundaries of all Germany: python -m ops.geodata.build")
    file = tmp_path / "feeds.toml"
    # Nothing is asked over the network: everything is replayed by hand.
    file.write_text(FEEDS.replace("[[feed]]", "[[feed]]\ninterval_s = 86400\ntimeout_s = 0.1"))
    settings = {"WARN_FEEDS": str(file), "WARN_BOUNDARIES": str(GERMANY)}
    with District(
        server_dir, Layout(PopulationPlan(subscriptions=100, outside=0), workers=1, settings=settings)
    ) as one:
        yield one


def named_by_one_warning() -> Any:
    """A municipality that exactly one of the bundle's warnings names, and one that none does."""
    known = Boundaries.load(GERMANY)
    named = [
        {code.value[1:] for area in cap.parse(one.content).alerts[0].areas() for code in area.geocodes}
        for one in members(corpus(DWD), cap.Limits())
    ]
    every = [ags for codes in named for ags in codes if known.by_ags(ags)]
    return next(ags for ags in sorted(every) if every.count(ags) == 1)


def received(district: Any, refs: Any) -> dict[Any, Any]:
    """How many different messages each recipient was handed, by the gateway's own ledger."""
    entries = ledger.read(district.gateways["sms"].ledger).entries
    found = {
        ref: [entry.alert for entry in entries if entry.accepted and entry.recipient == ref] for ref in refs
    }
    assert all(len(alerts) == len(set(alerts)) for alerts in found.values()), "somebody got one message twice"
    return {place: len(found[ref]) for ref, place in refs.items()}


def eventually(district: Any, refs: Any, expected: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while received(district, refs) != expected and time.monotonic() < deadline:
        time.sleep(0.2)
    assert received(district, refs) == expected


def test_the_corpus_reaches_the_right_places_once_and_the_all_clear_those_alarmed(
    district: Any, tmp_path: Path
) -> None:
    weather = named_by_one_warning()
    places = [weather, KASSEL, BERGSTRASSE, HOME]
    people = [one for one in district.recipients if one.channel == "sms"][: len(places)]
    refs = {one.ref: place for one, place in zip(people, places, strict=True)}
    moved = tmp_path / "moved.ndjson"
    moved.write_bytes(
        b"\n".join(
            msgspec.json.encode(
                {"channel": one.channel, "address": one.address, "places": [refs[one.ref]], "ref": one.ref}
            )
            for one in people
        )
    )
    district.service.commands(["subscriptions", "import", str(moved)])

    district.service.commands(["feeds", "replay", "dwd", str(CORPUS / DWD), "--shift"])
    eventually(district, refs, {weather: 1, KASSEL: 0, BERGSTRASSE: 0, HOME: 0})
    district.service.commands(["feeds", "replay", "dwd", str(CORPUS / DWD), "--shift"])

    end = json.loads(corpus(f"{NINA}.json"))
    begin = end | {
        "identifier": end["identifier"].replace("-001", "-000"),
        "msgType": "Alert",
        "references": "",
        "sent": "2025-03-13T10:15:06+01:00",
        "info": [info | {"responseType": ["Monitor"]} for info in end["info"]],
    }
    alarm = tmp_path / "alarm.json"
    alarm.write_text(json.dumps(begin))
    shape = ["--geometry", str(CORPUS / f"{NINA}.geojson"), "--shift"]
    district.service.commands(["feeds", "replay", "nina", str(alarm), *shape])
    eventually(district, refs, {weather: 1, KASSEL: 1, BERGSTRASSE: 0, HOME: 0})
    district.service.commands(["feeds", "replay", "nina", str(CORPUS / f"{NINA}.json"), *shape])
    eventually(district, refs, {weather: 1, KASSEL: 2, BERGSTRASSE: 0, HOME: 0})
