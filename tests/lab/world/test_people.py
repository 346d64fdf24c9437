"""People who subscribe themselves: what they have, and at which endpoint they must hear of a message."""

from pathlib import Path

import msgspec
import pytest

from ops.lab.gateways.state import WEBPUSH_FILE, UserAgent, read_lines
from ops.lab.world import people, population
from ops.lab.world.people import DUEREN, HABITS, JUELICH, NEIGHBOUR, Person, told
from ops.lab.world.population import PopulationPlan
from ops.lab.world.records import Kind

PLAN = PopulationPlan(seed=5, subscriptions=15, outside=0, people=2)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state: Path = tmp_path_factory.mktemp("state")
    population.make(state, PLAN)
    return state


@pytest.fixture(scope="module")
def persons(state: Path) -> list[Person]:
    return list(people.read(state))


def test_of_each_habit_there_are_as_many_people_as_planned(persons: list[Person]) -> None:
    assert len(persons) == 2 * len(HABITS)
    assert len({one.name for one in persons}) == len(persons)
    devices = [one.device for one in persons if one.device]
    assert len(set(devices)) == len(devices) == 6
    assert all(len(device) >= 22 for device in devices)


def test_the_push_services_know_their_endpoints(state: Path, persons: list[Person]) -> None:
    agents = {one.token: one for one in read_lines(state / WEBPUSH_FILE, UserAgent)}
    ends = [one for person in persons for one in person.endpoints]
    assert len({one.ref for one in ends}) == len(ends)
    assert all(agents[one.ref].public == one.keys["p256dh"] for one in ends)


def test_another_plan_without_people_takes_them_away(tmp_path: Path) -> None:
    population.make(tmp_path, PLAN)
    population.make(tmp_path, msgspec.structs.replace(PLAN, people=0))
    assert list(people.read(tmp_path)) == []
    assert list(people.read(tmp_path / "nothing was made here")) == []


def test_three_instances_have_people_of_their_own_and_in_common(persons: list[Person]) -> None:
    apps = {frozenset(app.instance for app in one.installations) for one in persons}
    assert {frozenset({one}) for one in (DUEREN, JUELICH, NEIGHBOUR)} <= apps
    assert frozenset({DUEREN, JUELICH, NEIGHBOUR}) in apps


def test_a_former_address_is_known_where_it_was_and_is_no_endpoint(
    state: Path, persons: list[Person]
) -> None:
    agents = {one.token for one in read_lines(state / WEBPUSH_FILE, UserAgent)}
    one = of(persons, "another address at each start")
    (app,) = one.installations
    assert app.former is not None
    assert app.former.ref in agents
    assert app.former not in one.endpoints
    assert told(one, {DUEREN}, None) == app.endpoints[0].ref


def of(persons: list[Person], title: str) -> Person:
    return next(one for one in persons if one.habit == title)


def test_the_first_that_lives_and_follows_a_place_is_told(persons: list[Person]) -> None:
    three = of(persons, "three apps on one device")
    first, second, third = (one.ref for one in three.endpoints)
    assert told(three, {DUEREN, JUELICH}, None) == first
    assert told(three, {JUELICH}, None) == second
    assert told(three, {people.STOLBERG}, None) == third
    assert told(three, {"05358056"}, None) is None
    gone = of(persons, "two phones that are gone, and a tablet")
    assert told(gone, {DUEREN}, None) == gone.endpoints[2].ref


def test_what_follows_comes_where_one_was_warned(persons: list[Person]) -> None:
    three = of(persons, "three apps on one device")
    assert told(three, {JUELICH}, three.endpoints[0].ref) == three.endpoints[0].ref
    assert told(three, (), three.endpoints[0].ref) == three.endpoints[0].ref
    assert told(three, (), None) is None


def test_an_endpoint_of_two_apps_is_one_that_follows_what_both_do(persons: list[Person]) -> None:
    one = of(persons, "one endpoint in two apps")
    (endpoint,) = one.endpoints
    assert one.follows(endpoint) == {DUEREN, people.STOLBERG}


def test_who_is_owed_the_update_alone_is_owed_its_end(persons: list[Person]) -> None:
    later = of(persons, "two apps on one device, of which one alone is for what comes later")
    owed = people.owed([later])
    ref = later.endpoints[1].ref
    assert owed == {Kind.ALERT: {}, Kind.UPDATE: {later.name: ref}, Kind.CANCEL: {later.name: ref}}


def test_what_people_read_and_whether_they_take_part_is_their_own(persons: list[Person]) -> None:
    found = {
        (one.language, one.exercises) for one in persons if people.VETTWEISS in one.installations[0].places
    }
    assert found == {("de", True), ("en", True), ("uk", False)}
    assert not any(one.exercises for one in persons if people.VETTWEISS not in one.installations[0].places)
