"""The synthetic population: who is in it, what it looks like to the service, and that it can be had again."""

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ops.lab.gateways.registry import WITH_PHONES
from ops.lab.gateways.standins.apns import APPS
from ops.lab.gateways.standins.fcm import PROJECTS
from ops.lab.gateways.state import (
    APP_FILE,
    FCM_FILE,
    UNIFIEDPUSH_FILE,
    WEBPUSH_FILE,
    FcmPhone,
    Instance,
    UserAgent,
    b64url,
    number_ref,
    read_lines,
    unb64url,
)
from ops.lab.world import population
from ops.lab.world.population import INHABITANTS, NEIGHBOURS, Origins, PopulationPlan, Recipient

FILES = (population.POPULATION_FILE, WEBPUSH_FILE, APP_FILE, population.PLAN_FILE)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    state = tmp_path_factory.mktemp("people")
    population.make(state, PopulationPlan(seed=3, subscriptions=2_000, outside=100))
    return tuple(population.read(state))


def test_the_district_has_fifteen_municipalities_and_sixteen_neighbours() -> None:
    assert list(INHABITANTS) == [f"05358{number:03}" for number in range(4, 61, 4)]
    assert len(set(NEIGHBOURS)) == 16
    assert not any(ags.startswith("05358") for ags in NEIGHBOURS)


def test_the_channels_have_their_shares_and_each_municipality_one_app(people: tuple[Any, ...]) -> None:
    inside = [one for one in people if one.places[0] in INHABITANTS]
    channels = Counter(one.channel for one in inside)
    assert len(inside) == 2_000
    assert channels == {"app": 15, "sms": round(1_985 * 0.199), "webpush": 1_985 - round(1_985 * 0.199)}
    assert {one.instance for one in inside if one.channel == "app"} == set(INHABITANTS)


def test_apps_on_phones_have_their_share_each_with_the_project_of_its_municipality(tmp_path: Path) -> None:
    plan = PopulationPlan(seed=3, subscriptions=2_000, outside=100, standins=tuple(WITH_PHONES))
    population.make(tmp_path, plan)
    everybody = list(population.read(tmp_path))
    iphones = [one for one in everybody if one.channel == "apns"]
    assert len(iphones) == round(1_985 * 0.1) + round(100 * 0.1)
    assert {(one.keys["topic"], one.instance) for one in iphones} == set(APPS.items())
    phones = [one for one in everybody if one.channel == "fcm"]
    assert len(phones) == round(1_985 * 0.15) + round(100 * 0.15)
    assert {(one.keys["project"], one.instance) for one in phones} == set(PROJECTS.items())
    with_server = [one for one in everybody if one.channel == "unifiedpush"]
    assert len(with_server) == round(1_985 * 0.05) + round(100 * 0.05)
    keys = {one.token: one.public for one in read_lines(tmp_path / UNIFIEDPUSH_FILE, UserAgent)}
    assert keys == {one.ref: one.keys["p256dh"] for one in with_server}
    assert not keys.keys() & {one.token for one in read_lines(tmp_path / WEBPUSH_FILE, UserAgent)}
    known = {one.address: one.project for one in read_lines(tmp_path / FCM_FILE, FcmPhone)}
    assert known == {one.address: one.keys["project"] for one in phones}


def test_people_live_where_people_live(people: tuple[Any, ...]) -> None:
    homes = Counter(one.places[0] for one in people)
    assert homes.most_common(2)[0][0] == "05358008"
    assert homes.most_common(2)[1][0] == "05358024"
    assert all(homes[ags] > 5 for ags in INHABITANTS)


def test_some_watch_two_places_and_nobody_one_place_twice(people: tuple[Any, ...]) -> None:
    double = [one for one in people if len(one.places) == 2]
    assert 40 < len(double) < 170
    assert all(len(set(one.places)) == len(one.places) for one in people)


def test_those_outside_watch_only_neighbours_and_came_through_an_instance_of_the_district(
    people: tuple[Any, ...],
) -> None:
    outside = [one for one in people if one.places[0] not in INHABITANTS]
    assert len(outside) == 100
    assert all(set(one.places) <= set(NEIGHBOURS) for one in outside)
    assert {one.instance for one in people} <= set(INHABITANTS)
    assert {one.channel for one in outside} == {"webpush", "sms"}
    watching = {one.ref for one in population.watching(people, set(INHABITANTS))}
    assert watching == {one.ref for one in people} - {one.ref for one in outside}


def test_recipient_keys_and_addresses_are_unique_and_numbers_cannot_be_dialled(
    people: tuple[Any, ...],
) -> None:
    assert len({one.ref for one in people}) == len({one.address for one in people}) == len(people)
    numbers = [one for one in people if one.channel == "sms"]
    assert all(one.address.startswith("+4900") and len(one.address) == 14 for one in numbers)
    assert all(one.ref == number_ref(one.address) for one in numbers)


def test_key_pairs_belong_together(state: Any, recipients: tuple[Any, ...]) -> None:
    agents = {agent.token: agent for agent in read_lines(state / WEBPUSH_FILE, UserAgent)}
    for one in recipients[:40]:
        if one.channel != "webpush":
            continue
        agent = agents[one.ref]
        key = ec.derive_private_key(int.from_bytes(unb64url(agent.private)), ec.SECP256R1())
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        assert one.keys == {"p256dh": b64url(point), "auth": agent.auth}
        assert len(unb64url(agent.auth)) == 16


def test_instances_share_their_secret_with_their_gateway(state: Any, recipients: tuple[Any, ...]) -> None:
    secrets = {line.instance: line.secret for line in read_lines(state / APP_FILE, Instance)}
    assert secrets == {one.ref: one.keys["secret"] for one in recipients if one.channel == "app"}
    assert all(
        len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
        for secret in secrets.values()
    )


def test_equal_plans_give_equal_files_and_are_made_once(tmp_path: Path) -> None:
    plan = PopulationPlan(seed=5, subscriptions=60, outside=5)
    population.make(tmp_path / "one", plan)
    population.make(tmp_path / "two", plan)
    contents = [[(tmp_path / name / file).read_bytes() for file in FILES] for name in ("one", "two")]
    assert contents[0] == contents[1]
    made = (tmp_path / "one" / WEBPUSH_FILE).stat().st_mtime_ns
    population.make(tmp_path / "one", plan)
    assert (tmp_path / "one" / WEBPUSH_FILE).stat().st_mtime_ns == made


def test_another_plan_makes_another_population(tmp_path: Path) -> None:
    population.make(tmp_path, PopulationPlan(seed=5, subscriptions=60, outside=5))
    first = {one.ref for one in population.read(tmp_path) if one.channel == "webpush"}
    population.make(tmp_path, PopulationPlan(seed=6, subscriptions=60, outside=5))
    second = {one.ref for one in population.read(tmp_path) if one.channel == "webpush"}
    assert not first & second


def test_a_plan_needs_a_subscription_for_each_municipality(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="15"):
        population.make(tmp_path, PopulationPlan(subscriptions=14))


def test_the_import_file_spreads_web_push_over_all_origins(people: tuple[Any, ...]) -> None:
    origins = Origins(
        {"webpush": ("https://one.example", "https://two.example"), "app": ["https://app.example"]}
    )
    lines = [json.loads(line) for line in population.import_lines(people, origins)]
    assert {frozenset(line) for line in lines} == {
        frozenset({"channel", "address", "keys", "places", "instance", "language", "legal_basis", "ref"})
    }
    starts = Counter(line["address"][:19] for line in lines if line["channel"] == "webpush")
    assert set(starts) == {"https://one.example", "https://two.example"}
    assert min(starts.values()) > 0.4 * starts.total()
    apps = {line["address"] for line in lines if line["channel"] == "app"}
    assert "https://app.example/callback/05358008" in apps
    assert {line["address"][0] for line in lines if line["channel"] == "sms"} == {"+"}


def test_who_has_unifiedpush_is_imported_as_web_push_at_the_server_of_its_own() -> None:
    one = Recipient("r", "unifiedpush", "/push/r", ("05358008",), "05358008")
    origins = Origins({"webpush": ["https://browser.example"], "unifiedpush": ["https://own.example"]})
    [line] = map(json.loads, population.import_lines([one], origins))
    assert (line["channel"], line["address"]) == ("webpush", "https://own.example/push/r")


def test_the_command_makes_the_population_and_its_import_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, out = tmp_path / "state", tmp_path / "import.ndjson"
    small = ["--state", str(state), "--subscriptions", "30", "--outside", "2", "--seed", "9"]
    population.main(small)
    assert capsys.readouterr().out == f"{state / population.POPULATION_FILE}\n"
    population.main([*small, "--webpush", "http://a", "--app", "http://b", "--out", str(out)])
    assert capsys.readouterr().out == f"{out}\n"
    assert len(out.read_text().splitlines()) == 32
    with pytest.raises(SystemExit):
        population.main([*small, "--out", str(out)])
    assert "--webpush" in capsys.readouterr().err
