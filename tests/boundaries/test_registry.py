"""Codes that need a table."""

import pytest

from dispatcher.boundaries.registry import NO_REGISTRY, Registry

REGISTRY = Registry({"EMMA_ID": {"DE377": ("05358008", "05358012")}})


@pytest.mark.parametrize(
    ("registry", "scheme", "code", "keys"),
    [
        (REGISTRY, "EMMA_ID", "DE377", ("05358008", "05358012")),
        (REGISTRY, "EMMA_ID", "DE378", ()),
        (REGISTRY, "FIPS6", "DE377", ()),
        (REGISTRY, "emma_id", "DE377", ()),
        (NO_REGISTRY, "EMMA_ID", "DE377", ()),
    ],
)
def test_a_code_means_what_its_table_says_or_nobody(
    registry: Registry, scheme: str, code: str, keys: tuple[str, ...]
) -> None:
    assert registry.keys(scheme, code) == keys


def test_the_empty_registry_cannot_be_filled() -> None:
    with pytest.raises(TypeError):
        NO_REGISTRY.tables["EMMA_ID"] = {}
