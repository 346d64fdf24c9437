"""Schemathesis asks the real service for whatever its description allows, and what it forbids.

All its checks are on, with a fixed seed; `schemathesis.toml` gives each exception its reason.
"""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Service

HERE = Path(__file__).parent
LIMIT_S = 500.0
"""How long it may take on a busy machine; on one that is not it took 40 s."""
LEAST_CASES = 800
"""It makes some 1,100; how many depends on what the service answers."""
LEAST_REASONS = 3
"""How many different decisions bodies of CAP must have led to, so that submission was really tried."""


@pytest.fixture
def ask(schemathesis: Path, run: Any, service: Service, tmp_path: Path) -> Any:
    """Run schemathesis with further arguments."""
    for name in ("schemathesis.toml", "schemathesis_hooks.py"):
        shutil.copy(HERE / name, tmp_path)

    async def ask(location: str, *arguments: str) -> Any:
        command = (schemathesis / "st", "run", location, "--url", service.url, "--no-color", *arguments)
        return await run(*command, cwd=tmp_path, limit_s=LIMIT_S)

    return ask


@pytest.mark.timeout(LIMIT_S + 60)
async def test_schemathesis_finds_nothing(service: Service, pool: Any, ask: Any) -> None:
    done = await ask(f"{service.url}/v1/openapi.json")
    done.succeeded()
    cases = re.search(r"(\d+) generated, \1 passed|(\d+) generated", done.output)
    assert cases
    assert int(cases[1] or cases[2]) >= LEAST_CASES
    rows = await pool.fetch("SELECT reason, status FROM alert GROUP BY 1, 2")
    reasons = {row["reason"] for row in rows}
    assert "first_notice" in reasons
    assert "Exercise" in {row["status"] for row in rows}
    assert len(reasons) >= LEAST_REASONS


async def test_schemathesis_would_find_an_answer_that_is_not_described(
    service: Service, description: Path, ask: Any
) -> None:
    text = (await service.get("/v1/openapi.json", key="")).body.decode()
    spoilt = text.replace('"attribution":{"type":"string"', '"attribution":{"type":"integer"')
    assert spoilt != text
    await asyncio.to_thread(description.write_text, spoilt, "utf-8")
    done = await ask(str(description), "--include-operation-id", "getBoundaries")
    assert done.status != 0
    assert "attribution" in done.output
