"""The content models are the schemas', in all versions."""

import pytest

from cap.parse.grammar import ALERT_TAGS, DECISIVE, GRAMMARS, NAMESPACE_OF, SIGNATURE, Model
from cap.vocabulary import Version
from tests.cap.schemas import children


def written(model: Model | None) -> list[tuple[str, bool, bool]]:
    """A model in the form in which the schemas are read here; the Signature is their wildcard."""
    slots = sorted(model.slots.items(), key=lambda item: item[1].position) if model else []
    return [
        (slot.name, slot.name in model.required, slot.once)
        for tag, slot in slots
        if model and tag != SIGNATURE
    ]


@pytest.mark.parametrize("version", Version)
def test_order_and_number_of_elements_are_those_of_the_schema(version: Version) -> None:
    grammar = GRAMMARS[version]
    for name, model in (
        ("alert", grammar.alert),
        ("info", grammar.info),
        ("resource", grammar.resource),
        ("area", grammar.area),
        ("geocode", grammar.named_value),
        ("parameter", grammar.named_value),
        ("eventCode", grammar.named_value),
    ):
        assert written(model) == children(version, name), name


@pytest.mark.parametrize("version", Version)
def test_elements_are_of_their_versions_namespace(version: Version) -> None:
    grammar = GRAMMARS[version]
    tags = {
        tag for model in (grammar.alert, grammar.info, grammar.resource, grammar.area) for tag in model.slots
    }
    assert {tag.rpartition(" ")[0] for tag in tags - {SIGNATURE}} == {NAMESPACE_OF[version]}
    assert ALERT_TAGS[f"{NAMESPACE_OF[version]} alert"] is version
    assert grammar.alert.slots[SIGNATURE].name == "Signature"


def test_decisive_elements_stand_once_in_alert_or_info() -> None:
    slots = [*GRAMMARS[Version.V1_2].alert.slots.values(), *GRAMMARS[Version.V1_2].info.slots.values()]
    assert {slot.name for slot in slots if slot.once} >= DECISIVE
