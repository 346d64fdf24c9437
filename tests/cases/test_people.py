"""People with several endpoints, and with the apps of several municipalities on one device: told once, by what the
gateways have seen, and nobody is lost.
"""

from collections import Counter
from typing import Any

import pytest

from tests.cases.town import DUEREN, JUELICH, LINNICH, Town
from tests.channels.far_side import answer
from tests.support.submissions import warning

PEOPLE = {
    "one phone, three apps": ("anna-dueren", "anna-juelich", "anna-linnich"),
    "a phone and a number": ("bernd-push", "bernd-sms"),
    "a phone that is gone, and a number": ("clara-gone", "clara-sms"),
    "two phones that are gone, and a third": ("dora-gone", "dora-gone-too", "dora-push"),
    "a phone": ("emil-push",),
}
INSTANCE = {"anna-juelich": "juelich", "anna-linnich": "linnich"}


async def people(town: Town) -> None:
    """Let them subscribe; who is one person, the store of subscribers would find."""
    for number, names in enumerate(PEOPLE.values(), 1):
        for position, name in enumerate(names):
            await town.follow(name, DUEREN, JUELICH, LINNICH, channel="sms" if "sms" in name else "webpush")
            await town.pool.execute(
                """UPDATE subscription SET person = $1, position = $2, instance = $3
                   WHERE id = (SELECT max(id) FROM subscription)""",
                number,
                position,
                INSTANCE.get(name, "dueren"),
            )

    async def react(seen: Any, writer: Any) -> None:
        await (answer(410) if "gone" in seen.target else answer(201, {}, b'{"id": "x"}'))(seen, writer)

    town.gateways.react = react


def told(town: Town) -> dict[str, Counter[str]]:
    """What the gateways have accepted for each person, by endpoint."""
    return {
        who: Counter({name: len(town.heard(name)) for name in names if "gone" not in name})
        for who, names in PEOPLE.items()
    }


@pytest.mark.parametrize("severity", ["Severe", "Extreme"])
async def test_everybody_is_told_and_by_one_app_of_a_device_once(town: Town, severity: str) -> None:
    await people(town)
    await town.accepted(warning(DUEREN, identifier="eins", headline="Giftwolke", severity=severity))
    await town.work()
    everywhere = severity == "Extreme"
    assert told(town) == {
        "one phone, three apps": {"anna-dueren": 1, "anna-juelich": 0, "anna-linnich": 0},
        "a phone and a number": {"bernd-push": 1, "bernd-sms": int(everywhere)},
        "a phone that is gone, and a number": {"clara-sms": 1},
        "two phones that are gone, and a third": {"dora-push": 1},
        "a phone": {"emil-push": 1},
    }
    assert await town.pool.fetchval("SELECT audience FROM alert") == len(PEOPLE)
    assert await town.pool.fetchval("SELECT state FROM alert") == "settled"
    assert not await town.pool.fetch("SELECT FROM standby")


async def test_the_end_reaches_the_endpoints_that_were_told(town: Town) -> None:
    await people(town)
    one = warning(DUEREN, identifier="eins", headline="Giftwolke", severity="Severe")
    await town.accepted(one)
    await town.work()
    before = told(town)
    await town.accepted(one.later("ende", "Cancel", references=(one,)))
    await town.work()
    assert told(town) == {
        who: Counter({name: 2 * n for name, n in found.items()}) for who, found in before.items()
    }
