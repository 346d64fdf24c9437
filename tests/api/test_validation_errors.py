"""No refusal repeats what was sent: of every body that the API reads, and of every parameter that it takes."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError, field_validator

import dispatcher.api
from dispatcher.api.application import application
from dispatcher.api.json_body import named
from dispatcher.api.problems import _once, _wrong_parameter
from tests.api.conftest import Service

NEEDLE = "+4915550123456"
SENT: tuple[Any, ...] = (
    NEEDLE, 4915550123456, [NEEDLE], [[NEEDLE]], {"id": NEEDLE}, [{"id": NEEDLE, "ags": NEEDLE}], f"https://{NEEDLE}/",
    f"2026-11-30T{NEEDLE}", f"{NEEDLE}-{NEEDLE}-{NEEDLE}", f"geheim@{NEEDLE}.example", f"<b>{NEEDLE}</b>", NEEDLE * 500,
)  # fmt: skip
"""What a body or parameter may have where something else is expected: a number of a person in all forms."""


def models() -> list[type[BaseModel]]:
    """Every model of the rooms that read bodies."""
    for room in pkgutil.walk_packages(dispatcher.api.__path__, "dispatcher.api."):
        importlib.import_module(room.name)
    found: list[type[BaseModel]] = []
    waiting = [BaseModel]
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            if one.__module__.startswith(("dispatcher.api.", "dispatcher.templates.")) and one not in found:
                found.append(one)
    return found


def refusals_of(model: type[BaseModel]) -> Iterator[str]:
    """What is said of bodies that have a number of somebody in the place of each member."""
    for name in (member.alias or key for key, member in model.model_fields.items()):
        for value in SENT:
            for body in ({name: value}, value):
                try:
                    model.model_validate_json(json.dumps(body), strict=True)
                except ValidationError as error:
                    yield json.dumps(named(error))


def test_no_body_is_repeated() -> None:
    found = models()
    assert len(found) > 50
    said = [one for model in found for one in refusals_of(model)]
    assert len(said) > 1000
    assert [one for one in said if "4915550123456" in one] == []


class Talkative(BaseModel):
    number: str

    @field_validator("number")
    @classmethod
    def _known(cls, number: str) -> str:
        raise ValueError(f"{number} is not known")


def test_a_model_that_repeats_is_noticed() -> None:
    assert any("4915550123456" in one for one in refusals_of(Talkative))


def said_of(field: Any) -> Iterator[str]:
    for value in (one if isinstance(one, str) else json.dumps(one) for one in SENT):
        for given in (value, [value]):
            _, errors = field.validate(given, {}, loc=("query", field.alias))
            for one in _once(errors or []):
                yield json.dumps(_wrong_parameter(*one))


async def test_no_parameter_is_repeated(service: Service) -> None:
    routes = [one for one in application(service.parts).router.routes if isinstance(one, APIRoute)]
    said = []
    for route in routes:
        for field in get_flat_params(route.dependant):
            said += list(said_of(field))
    assert len(said) > 100
    assert [one for one in said if "4915550123456" in one] == []


@pytest.mark.parametrize(
    "path", ["/v1/alerts?limit={}", "/v1/alerts?since={}", "/v1/alerts?state={}", "/v1/alerts/{}"]
)
async def test_an_answer_has_nothing_of_what_was_asked(service: Service, path: str) -> None:
    answer = await service.get(path.format("%2B4915550123456"))
    assert answer.status in (404, 422)
    assert b"4915550123456" not in answer.body
