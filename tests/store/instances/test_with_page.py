"""Which instances have a page."""

from typing import Any

from dispatcher.model.principals import Instance
from dispatcher.store.instances.with_page import InstancesWithPage
from dispatcher.store.parties import Parties
from tests.store.conftest import PEPPER
from tests.store.instances.test_credentials import ANNA
from tests.support.messages import DUEREN

SECRET = "s" * 43


async def test_all_but_sandboxes_have_one_also_those_that_are_disabled(pool: Any) -> None:
    parties = Parties(pool)
    instances = [
        Instance("dueren", "Düren", (DUEREN,)),
        Instance("juelich", "Jülich", ("05358024",), languages=("de", "tr")),
        Instance("probe", "Probe", (DUEREN,), sandbox=True),
    ]
    for one in instances:
        await parties.add(one, f"wi_{one.id}_{SECRET}", PEPPER, ANNA)
    await pool.execute("UPDATE instance SET disabled_at = now() WHERE id = 'juelich'")
    assert await InstancesWithPage(pool).read() == instances[:2]
