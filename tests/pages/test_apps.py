"""The documents of all apps, without reading the record at each visit."""

import asyncio
from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.pages.apps import KNOWN_FOR_S, RENEWAL_EVERY_S, AppPages
from tests.pages.test_app_documents import PRESENTED
from tests.support.messages import DUEREN

ONE = Instance("dueren", "Kreis Düren", (DUEREN,))
OTHER = Instance("juelich", "Jülich", ("05358024",))


class Record:
    """What is read of the instances, how often, and when it is."""

    def __init__(self, *instances: Instance) -> None:
        self.instances: list[Instance] | Exception = list(instances)
        self.reads = 0
        self.now = 0.0
        self.pages = AppPages(self.read, PRESENTED, lambda: self.now)

    async def read(self) -> list[Instance]:
        self.reads += 1
        await asyncio.sleep(0)
        if isinstance(self.instances, Exception):
            raise self.instances
        return self.instances

    async def name(self, instance_id: str) -> Any:
        found = await self.pages.documents(instance_id)
        return found and found["about.json"].plain.body


async def test_a_crowd_reads_the_record_once() -> None:
    record = Record(ONE)
    found = await asyncio.gather(*(record.pages.documents("dueren") for _ in range(50)))
    assert record.reads == 1
    assert len({id(one) for one in found}) == 1
    assert await record.pages.documents("nobody") is None
    assert record.reads == 1


async def test_what_an_operator_changes_is_seen_and_the_rest_is_not_made_again() -> None:
    record = Record(ONE, OTHER)
    first, other = await record.pages.documents("dueren"), await record.pages.documents("juelich")
    record.instances = [Instance("dueren", "Düren neu", (DUEREN,)), OTHER]
    assert await record.pages.documents("dueren") is first
    record.now = KNOWN_FOR_S
    assert await record.pages.documents("juelich") is other
    assert "Düren neu".encode() in await record.name("dueren")
    record.instances, record.now = [OTHER], 2 * KNOWN_FOR_S
    assert await record.pages.documents("dueren") is None


async def test_while_the_record_is_away_the_pages_stay() -> None:
    record = Record(ONE)
    first = await record.pages.documents("dueren")
    record.instances, record.now = OSError("away"), KNOWN_FOR_S
    assert await record.pages.documents("dueren") is first
    assert record.reads == 2
    await record.pages.documents("dueren")
    assert record.reads == 2, "it is not asked at each visit"


async def test_where_nothing_was_known_yet_it_is_said() -> None:
    record = Record()
    record.instances = OSError("away")
    with pytest.raises(OSError, match="away"):
        await record.pages.documents("dueren")
    record.instances = [ONE]
    assert await record.pages.documents("dueren")


async def test_what_is_ready_is_what_is_known_now() -> None:
    record = Record(ONE)
    assert record.pages.ready("dueren") is None
    found = await record.pages.documents("dueren")
    assert record.pages.ready("dueren") is found
    assert record.pages.ready("nobody") is None
    record.instances, record.now = [Instance("dueren", "Düren neu", (DUEREN,)), OTHER], KNOWN_FOR_S
    assert record.pages.ready("dueren") is None, "it is looked at again"
    await record.pages.documents("juelich")
    assert record.pages.ready("dueren") is None, "it is another now"


async def test_one_asks_for_what_is_known_for_too_long_and_nobody_waits_for_them() -> None:
    record = Record(ONE)
    found = await record.pages.documents("dueren")
    record.now = KNOWN_FOR_S
    assert [record.pages.ready("dueren") for _ in range(3)] == [None, found, found]
    record.now += RENEWAL_EVERY_S
    assert record.pages.ready("dueren") is None, "the one before may have been turned away"
    await record.pages.documents("dueren")
    assert record.reads == 2
    record.now += RENEWAL_EVERY_S
    assert record.pages.ready("dueren") is found, "it is known again"
