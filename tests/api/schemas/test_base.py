"""All bodies are frozen, and have no further members."""

import pkgutil
from importlib import import_module

import pytest
from pydantic import BaseModel, ValidationError

from dispatcher.api import schemas
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.municipalities import UnmatchedBody
from tests.api.schemas.values import LOST_BODY

BODIES = {
    name: value
    for module in pkgutil.iter_modules(schemas.__path__)
    for name, value in vars(import_module(f"{schemas.__name__}.{module.name}")).items()
    if isinstance(value, type) and issubclass(value, BaseModel) and value not in {BaseModel, Body}
}


def test_the_bodies_of_all_modules_are_looked_at() -> None:
    assert {"AcceptedBody", "LedgerLineBody", "PreviewBody", "StatusBody"} < BODIES.keys()


@pytest.mark.parametrize("body", BODIES.values())
def test_bodies_are_frozen_and_have_no_further_members(body: type[BaseModel]) -> None:
    assert body.model_config.get("extra") == "forbid"
    assert body.model_config.get("frozen")


def test_a_member_that_nobody_described_is_refused() -> None:
    with pytest.raises(ValidationError):
        UnmatchedBody.model_validate(LOST_BODY | {"more": 1})
