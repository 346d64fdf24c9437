import json
from typing import Any

from ops.supply_chain.lock import LOCK, Pinned, read_lock
from ops.supply_chain.sbom import bill_of_materials


def licence_of(component: Any) -> str:
    """CycloneDX has an id for one licence, an expression for several."""
    (stated,) = component["licenses"]
    return str(stated.get("expression") or stated["license"]["id"])


def test_every_package_is_in_it_with_version_and_licence() -> None:
    pinned = read_lock(LOCK.read_text("utf-8"))
    document = json.loads(bill_of_materials(pinned))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    components = document["components"]
    assert {(one["name"], one["version"]) for one in components} == {
        (one.name, one.version) for one in pinned
    }
    assert all(one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}" for one in components)
    assert {licence_of(one) for one in components} >= {"MIT", "LGPL-2.1-only OR MIT"}


def test_it_says_what_requires_what() -> None:
    document = json.loads(
        bill_of_materials([Pinned("arq", "0.28.0"), Pinned("redis", "5.3.1"), Pinned("no-such", "1")])
    )
    requires = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    root = document["metadata"]["component"]["bom-ref"]
    assert root.startswith("pkg:pypi/cap-dispatcher@")
    assert requires[root] == ["pkg:pypi/arq@0.28.0", "pkg:pypi/redis@5.3.1"]
    assert requires["pkg:pypi/arq@0.28.0"] == ["pkg:pypi/redis@5.3.1"]
    undeclared = [one["name"] for one in document["components"] if "licenses" not in one]
    assert undeclared == ["no-such"]
