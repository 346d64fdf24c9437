"""Programs that read warnings of warnung.bund.de, and a feed reader, show what is in force here: each unmodified, over
HTTP, from a running API process and its record.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.reading_clients.conftest import HERE, REGIONS, Clients, RunningService
from tests.support.messages import DUEREN, JUELICH, InfoPart, Message
from tests.support.submissions import AACHEN, warning

DISTRICT, NEIGHBOUR, TOWN, BERLIN = REGIONS
LABELS = "/api/appdata/gsb/labels/de_labels.json"
SQUARE = "<polygon>50.800,6.480 50.800,6.485 50.805,6.485 50.800,6.480</polygon>"
PAGE = HERE.parents[1] / "ops" / "docs" / "reading.md"

pytestmark = pytest.mark.timeout(400)


def by_region(seen: Any) -> dict[str, list[str]]:
    """The ids that pynina shows, by region."""
    return {region: [one["id"] for one in warnings] for region, warnings in seen["pynina"].items()}


def ids(seen: Any) -> dict[str, list[str]]:
    """The ids of what each client shows as in force in the district; those on de-nina's map are of everywhere."""
    entries = [one for one in seen["feedparser"]["entries"] if "ended" not in one.get("categories", ())]
    return {
        "pynina": by_region(seen)[DISTRICT],
        "home_assistant": [one["id"] for one in seen["home_assistant"]],
        "de_nina": [one["id"] for one in seen["de_nina"]["listed"]],
        "map": seen["de_nina"]["map"],
        "feedparser": [one["id"].removeprefix("urn:cap-dispatcher:alert:") for one in entries],
    }


def all_show(seen: Any, *expected: str) -> None:
    """Each client shows these warnings of the district, in this order, and nothing else."""
    assert ids(seen) == {client: list(expected) for client in ids(seen)}


def shown(seen: Any, place: int) -> Any:
    """What each client shows of one of the district's warnings."""
    return {
        "pynina": seen["pynina"][DISTRICT][place],
        "home_assistant": seen["home_assistant"][place],
        "de_nina": seen["de_nina"]["listed"][place],
        "feedparser": seen["feedparser"]["entries"][place],
    }


@pytest.fixture
def submit(service: RunningService) -> Callable[..., list[str]]:
    """Submits messages and waits until what they say is published; their ids."""

    def submit(*messages: Message, ends: tuple[str, ...] = ()) -> list[str]:
        found = [service.submit(one) for one in messages]
        warns = {one for one, message in zip(found, messages, strict=True) if message.infos}
        service.until(lambda listed: warns <= set(listed) and not set(ends) & set(listed))
        return found

    return submit


def _listed(seen: Any) -> set[tuple[str, str]]:
    """Title and kind of the entries of everything's feed."""
    return {(one["title"], one["kind"]) for one in seen["feedparser"]["entries"]}


def test_all_show_the_right_warnings_through_alert_update_and_all_clear(
    service: RunningService, clients: Clients, submit: Callable[..., list[str]]
) -> None:
    seen = clients.look()
    earlier = _listed(seen)  # for an hour, what another test ended
    all_show(seen)
    assert by_region(seen) == {region: [] for region in REGIONS}
    asked = [target for *_, target in service.nginx.requests(service.tls_port)]
    assert asked[0] == LABELS
    # Without the details between them: another test of this service may have been first.
    lists = [target for target in asked if "/dashboard/" in target]
    assert lists[: len(REGIONS)] == [f"/api31/dashboard/{region}.json" for region in REGIONS]

    english = InfoPart(language="en", headline="Flood on the Rur", instruction="Avoid the river bank.")
    flood = warning(infos=(english, InfoPart(shapes=SQUARE)))
    gas = warning(JUELICH, severity="Extreme", headline="Giftgas", instruction="")
    first, grave = submit(flood, gas)
    seen = clients.look()
    all_show(seen, grave, first)
    assert by_region(seen) == {DISTRICT: [grave, first], NEIGHBOUR: [], TOWN: [first], BERLIN: []}
    assert shown(seen, 0)["pynina"]["recommended_actions"] == ["–"]
    _has_all_that_was_said(shown(seen, 1), first, flood, service.url)

    worse = InfoPart(areas=(DUEREN, AACHEN), severity="Extreme", headline="Dammbruch an der Rur")
    burst = flood.later("dammbruch", infos=(worse,))
    (second,) = submit(burst, ends=(first,))
    seen = clients.look()
    all_show(seen, second, grave)
    assert by_region(seen) == {DISTRICT: [second, grave], NEIGHBOUR: [second], TOWN: [second], BERLIN: []}
    assert shown(seen, 0)["home_assistant"]["headline"] == "Dammbruch an der Rur (Aachen, Düren)"

    gone = replace(gas.infos[0], response="AllClear", headline="Entwarnung")
    service.submit(gas.later("entwarnung", infos=(gone,)))
    submit(burst.later("ende", "Cancel", infos=()), ends=(second, grave))
    seen = clients.look()
    all_show(seen)
    assert by_region(seen) == {region: [] for region in REGIONS}
    assert _listed(seen) - earlier == {
        ("ENTWARNUNG: Giftgas", "Update"),
        ("WARNUNG AUFGEHOBEN: Dammbruch an der Rur", "Cancel"),
        ("WARNUNG AUFGEHOBEN: Dammbruch an der Rur", "Update"),
    }
    for alert_id in (first, grave, second):  # as lists of a moment ago name them
        assert service.get(f"/api31/warnings/{alert_id}.json")["info"]


def _has_all_that_was_said(found: Any, alert_id: str, flood: Message, url: str) -> None:
    headline, sent = "Hochwasser an der Rur (Düren)", flood.sent.isoformat()
    assert {name: found["pynina"][name] for name in found["pynina"] if name != "expires"} == {
        "id": alert_id,
        "headline": headline,
        "severity": "Severe",
        "description": "Hochwasser an der Rur",
        "sender": flood.sender,
        "affected_areas": ["Gebiet"],
        "recommended_actions": ["Meiden Sie das Ufer."],
        "web": None,
        "sent": sent,
        "start": sent,
        "is_valid": True,
    }
    assert {name: found["home_assistant"][name] for name in found["home_assistant"] if name != "expires"} == {
        "id": alert_id,
        "headline": headline,
        "sender": flood.sender,
        "severity": "severe",
        "affected_areas": "Gebiet",
        "more_info_url": "",
        "sent": sent,
        "start": sent,
        "zoned": True,
    }
    assert found["de_nina"] == {
        "id": alert_id,
        "sent": sent,
        "version": 1,
        "headline": headline,
        "severity": "Severe",
        "title": headline,
        "identifier": flood.identifier,
        "description": "Hochwasser an der Rur",
        "areas": ["Gebiet"],
        "shapes": 1,
    }
    entry = found["feedparser"]
    assert (entry["title"], entry["kind"]) == ("Hochwasser an der Rur", "Alert")
    assert (entry["cap"], entry["updated"]) == ([f"{url}/v1/public/alerts/{alert_id}/cap"], True)


def test_of_two_warnings_with_equal_words_and_ends_both_are_shown(
    clients: Clients, submit: Callable[..., list[str]]
) -> None:
    wide = warning(DUEREN, JUELICH, headline="Stromausfall in Düren", event="Stromausfall")
    narrow = replace(warning(DUEREN, headline="Stromausfall in Düren", event="Stromausfall"), sent=wide.sent)
    twins = submit(wide, narrow)
    assert sorted(one["id"] for one in clients.look()["home_assistant"]) == sorted(twins)
    submit(
        *(one.later(f"ende-{one.identifier}", "Cancel", infos=()) for one in (wide, narrow)),
        ends=tuple(twins),
    )


def test_a_client_that_shows_something_else_is_noticed(clients: Clients) -> None:
    seen = clients.look()
    all_show(seen)
    for client, other in (
        ("home_assistant", [{"id": "A"}]),
        ("feedparser", {"entries": [{"id": "urn:cap-dispatcher:alert:A"}]}),
        ("pynina", {DISTRICT: [{"id": "A"}]}),
    ):
        with pytest.raises(AssertionError):
            all_show({**seen, client: other})


def test_the_page_names_the_versions_that_are_tried() -> None:
    locks = "".join((HERE / f"{name}.lock").read_text() for name in ("clients", "pynina", "homeassistant"))
    page = PAGE.read_text("utf-8")
    for package, name in {
        "pynina": "pynina",
        "de-nina": "de-nina",
        "feedparser": "feedparser",
        "homeassistant": "Home Assistant",
    }.items():
        version = locks.partition(f"{package}==")[2].split()[0]
        assert f"{name} {version}" in page
