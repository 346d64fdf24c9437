"""A client that `openapi-python-client` makes of the description does the whole work of a control centre and an app."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Service
from tests.described.conftest import messages, operation_ids

ROOM = Path(__file__).parent / "python_client"
CONFIG = ROOM / "openapi-python-client.yaml"
PAGE = Path(__file__).parents[2] / "ops" / "docs" / "clients.md"


pytestmark = pytest.mark.timeout(300)


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


@pytest.fixture
def generate(python_generator: Path, run: Any, tmp_path: Path) -> Any:
    """Generate a client from a description; every warning is an error."""

    async def generate(description: Path) -> Any:
        return await run(
            python_generator / "openapi-python-client",
            *("generate", "--path", description, "--config", CONFIG, "--meta", "none", "--fail-on-warning"),
            *("--output-path", tmp_path / "generated" / "cap_dispatcher_client", "--overwrite"),
            cwd=tmp_path,
        )

    return generate


async def test_a_generated_client_does_the_whole_work(
    service: Service, description: Path, generate: Any, python_generator: Path, run: Any, tmp_path: Path
) -> None:
    made = await generate(description)
    made.succeeded()
    files = messages(tmp_path)
    generated = str(tmp_path / "generated")
    done = await run(
        python_generator / "python", ROOM / "work.py", *files, cwd=tmp_path, PYTHONPATH=generated
    )
    done.succeeded()
    found = json.loads(done.output.splitlines()[-1])
    assert set(found["operations"]) == {snake(name) for name in operation_ids(description)}
    assert found["centre"] | {"alert": ""} == {
        "statuses": [201, 200],
        "municipalities": ["05358008"],
        "refused": ["not-xml"],
        "same_bytes": True,
        "ledger": [],
        "alert": "",
    }
    assert found["app"] == {"in_force": True, "same_bytes": True, "after": []}
    assert found["webhook"] == {
        "url": "https://app.dueren.example/warnings",
        "secrets": ["whsec_", "whsec_", 2],
        "removed": 204,
        "push_key": 87,
    }
    assert found["others"] == {"attributed": True, "feeds": ["mowas"], "pushed": 1, "reported": 200}


async def test_a_route_that_the_generator_skips_is_noticed(generate: Any, description: Path) -> None:
    spoilt = await asyncio.to_thread(description.read_text, "utf-8")
    spoilt = spoilt.replace('"content":{"application/cap+xml"', '"content":{"application/x-unknown"')
    await asyncio.to_thread(description.write_text, spoilt, "utf-8")
    made = await generate(description)
    assert made.status != 0
    assert "/v1/alerts" in made.output


def test_the_page_for_client_makers_has_this_configuration() -> None:
    assert CONFIG.read_text("utf-8") in PAGE.read_text("utf-8")
