"""A client of `openapi-typescript` and `openapi-fetch`, checked by `tsc`, does the whole work."""

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Service
from tests.described.conftest import messages, operation_ids

ROOM = Path(__file__).parent / "typescript"
WRONG = {
    'data?.reason, "first_notice"': 'data?.reasons, "first_notice"',
    '"/v1/instance/alerts"': '"/v1/instance/warnings"',
    'components["schemas"]["Severity"]': '"Grave"',
}
PAGE = Path(__file__).parents[2] / "ops" / "docs" / "clients.md"


pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def build(node_room: Path, description: Path, run: Any, tmp_path: Path) -> Any:
    """Make the types of the description, and compile the work against them."""
    (tmp_path / "node_modules").symlink_to(node_room / "node_modules")
    for name in ("package.json", "tsconfig.json", "work.ts"):
        shutil.copy(ROOM / name, tmp_path)

    async def build() -> Any:
        programs = tmp_path / "node_modules" / ".bin"
        made = await run(programs / "openapi-typescript", description, "-o", "schema.d.ts", cwd=tmp_path)
        made.succeeded()
        return await run(programs / "tsc", "--project", "tsconfig.json", cwd=tmp_path)

    return build


async def test_a_typed_client_does_the_whole_work(
    service: Service, description: Path, build: Any, run: Any, tmp_path: Path
) -> None:
    compiled = await build()
    compiled.succeeded()
    types = await asyncio.to_thread((tmp_path / "schema.d.ts").read_text, "utf-8")
    made = set(
        re.findall(r"^ {4}(\w+): \{$", types[types.index("export interface operations") :], re.MULTILINE)
    )
    assert made >= operation_ids(description)
    done = await run("node", "built/work.js", *messages(tmp_path), cwd=tmp_path)
    done.succeeded()
    found = json.loads(done.output.splitlines()[-1])
    assert found["centre"] | {"alert": ""} == {
        "statuses": [201, 200],
        "municipalities": ["05358008"],
        "refused": ["urn:cap-dispatcher:problem:malformed", ["not-xml"]],
        "same_bytes": True,
        "ledger": "",
        "alert": "",
    }
    assert found["app"] == {
        "in_force": [True],
        "same_bytes": True,
        "after": [],
        "nothing": "urn:cap-dispatcher:problem:not-found",
    }


async def test_what_the_description_does_not_say_does_not_compile(build: Any, tmp_path: Path) -> None:
    work = tmp_path / "work.ts"
    text = await asyncio.to_thread(work.read_text, "utf-8")
    for right, wrong in WRONG.items():
        assert right in text
        text = text.replace(right, wrong)
    await asyncio.to_thread(work.write_text, text, "utf-8")
    compiled = await build()
    assert compiled.status != 0
    told = {int(number) for number in re.findall(r"^work\.ts\((\d+),", compiled.output, re.MULTILINE)}
    spoilt = {
        number
        for number, line in enumerate(text.splitlines(), 1)
        if any(one in line for one in WRONG.values())
    }
    assert len(spoilt) >= len(WRONG)
    assert told >= spoilt


def test_the_page_for_client_makers_names_the_versions_that_are_tried() -> None:
    package = json.loads((ROOM / "package.json").read_text("utf-8"))
    page = PAGE.read_text("utf-8")
    for name in ("openapi-fetch", "openapi-typescript", "typescript"):
        version = (package["dependencies"] | package["devDependencies"])[name]
        assert f"{name}@{version}" in page
