"""Write the software bill of materials in CycloneDX (https://cyclonedx.org): every package that the lock pins, with
version, licence, and what requires it.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from ops.supply_chain.licences import licences, required_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.supply_chain.lock import Pinned

_NAME, _LICENCE = "cap-dispatcher", "Apache-2.0"
_EXTRAS = ("embedded", "geodata", "parquet", "dev", "site")


def bill_of_materials(pinned: Sequence[Pinned]) -> str:
    """Return the document as JSON."""
    licence_of = {one.name: one.licence for one in licences(one.name for one in pinned)}
    bom = Bom()
    root = _component(_NAME, version(_NAME), _LICENCE, ComponentType.APPLICATION)
    bom.metadata.component = root
    components = [_component(one.name, one.version, licence_of[one.name]) for one in pinned]
    bom.components.update(components)
    direct = required_by(_NAME, *_EXTRAS)
    bom.register_dependency(root, [one for one in components if one.name in direct])
    for component in components:
        required = required_by(component.name)
        bom.register_dependency(component, [one for one in components if one.name in required])
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _component(
    name: str, version_: str, licence: str, type_: ComponentType = ComponentType.LIBRARY
) -> Component:
    url = PackageURL("pypi", name=name, version=version_)
    return Component(
        name=name,
        version=version_,
        type=type_,
        bom_ref=str(url),
        purl=url,
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
    )
