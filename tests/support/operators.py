"""An operator away from the machine, who asks over HTTP."""

import json
from typing import Any

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import RemoteOperator
from dispatcher.store.parties import Parties
from tests.api.conftest import SECRET, Answer

PATH = "/v1/operator/instances"
OPERATOR_KEY = f"wo_anna_{SECRET}"


async def asking(service: Any, pool: Any) -> Any:
    """What asks with the key of an operator, who is there by now."""
    anna = RemoteOperator("anna", "Anna")
    await Parties(pool).add(anna, OPERATOR_KEY, b"pepper of the tests", UNNAMED_OPERATOR)

    async def ask(method: str, path: str = "", body: Any = None) -> Answer:
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        found: Answer = await service.request(method, path, sent, key=OPERATOR_KEY)
        return found

    return ask


async def acts(pool: Any) -> list[str]:
    """What the operator has done, by the audit trail."""
    rows = await pool.fetch("SELECT action FROM audit WHERE actor = 'remote-operator:anna' ORDER BY id")
    return [row["action"] for row in rows]
