"""All documents of one app."""

import json
from dataclasses import replace
from typing import Any

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.principals import Branding, Instance
from dispatcher.pages.app_documents import ICON_PIXELS, Presented, app_documents
from dispatcher.pages.assets import LANGUAGES, MAP, OWN, assets
from tests.pages.test_public_bodies import BODY
from tests.support.messages import DUEREN

ONE = Instance("dueren", "Kreis Düren", (DUEREN, "99999999"))
PRESENTED = Presented(Boundaries.default(), assets(), "Europe/Berlin", 30, {"dueren": BODY})


def documents(**of: Any) -> Any:
    return app_documents(replace(ONE, **of), PRESENTED)


def test_the_page_knows_its_municipalities_and_languages() -> None:
    about = json.loads(documents(languages=("tr", "de", "fr"))["about.json"].plain.body)
    assert about["names"] == {DUEREN: "Düren"}
    assert (about["name"], about["time_zone"]) == ("Kreis Düren", "Europe/Berlin")
    assert about["spoken"][:2] == ["tr", "de"]
    assert set(about["spoken"]) == set(about["texts"]) == set(LANGUAGES)
    assert all(name in assets().files for name in about["texts"].values())


def test_neighbours_whose_warnings_are_shown_can_be_chosen() -> None:
    about = json.loads(documents(neighbouring=("05358024",))["about.json"].plain.body)
    assert set(about["names"]) == {DUEREN, "05358024"}


def test_a_browser_can_install_it() -> None:
    found = documents(branding=Branding("#00457c", "#ffffff"))
    manifest = json.loads(found["manifest.webmanifest"].plain.body)
    assert (manifest["id"], manifest["start_url"], manifest["scope"]) == ("/app/dueren/", ".", ".")
    assert (manifest["display"], manifest["theme_color"]) == ("standalone", "#00457c")
    assert {one["src"] for one in manifest["icons"]} <= set(found)
    assert {one["sizes"] for one in manifest["icons"]} >= {"192x192", "512x512"}
    assert {f"icon-{pixels}.png" for pixels in ICON_PIXELS} <= set(found)


def test_the_page_knows_whether_there_is_a_map() -> None:
    """Or it would lead to one that there is not."""
    for places in ((DUEREN,), ("99999999",)):
        found = documents(places=places)
        assert json.loads(found["about.json"].plain.body)["map"] is (MAP in found)


def test_sms_are_offered_on_the_pages_of_the_apps_that_warn_by_them() -> None:
    for by_sms, offered in ((frozenset({"dueren"}), True), (frozenset({"juelich"}), False)):
        found = app_documents(ONE, replace(PRESENTED, by_sms=by_sms))
        assert json.loads(found["about.json"].plain.body)["sms"] is offered
        assert (b"SMS-Anbieter" in found["privacy"].plain.body) is offered


def test_what_the_page_needs_without_the_network_is_there() -> None:
    found = documents()
    assert {"", "worker.js", *OWN} <= set(found)
    assert found["worker.js"] is assets().worker


def test_who_stands_behind_it_is_said_and_of_another_app_that_nobody_is_named() -> None:
    named = documents()
    other = app_documents(Instance("juelich", "Jülich", (DUEREN,), contact="info@juelich.example"), PRESENTED)
    for name in ("imprint", "privacy", "accessibility"):
        assert BODY.email.encode() in named[name].plain.body
        assert BODY.email.encode() not in other[name].plain.body
        assert b"noch nichts eingetragen" in other[name].plain.body
        assert b"info@juelich.example" in other[name].plain.body
