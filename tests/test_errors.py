"""Errors answer by their type what is to be done about them. A type that leaves an answer open is found here."""

import importlib
import logging
import pkgutil
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import cap
import channels
import dispatcher
from cap.errors import CapError
from channels.base import ChannelError, Consequence, DeliveryError
from dispatcher.embedded import EmbeddedError
from dispatcher.settings import SettingsError

FAMILIES: dict[type[Exception], dict[str, type]] = {
    DeliveryError: {"label": str, "log_level": int, "consequence": Consequence, "gateway_fault": bool},
    ChannelError: {"label": str, "log_level": int, "needs_person": bool},
    CapError: {"code": str},
}
"""What each type of a family answers itself: what it inherits, nobody has thought about."""
COMMON: dict[type[Exception], dict[str, type]] = {
    EmbeddedError: {"exit_status": int},
    SettingsError: {"exit_status": int},
}
"""What the types of a family answer alike."""
DISTINCT = ("label", "code")
"""Answers that tell the types apart: labels of metrics, codes of the API."""
NOT_IMPORTED = ("dispatcher.__main__", "dispatcher.store.migrations")
"""They act when they are imported, and define no error."""
LEVELS = frozenset({logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR})


def family(base: type[Exception]) -> Iterator[type[Exception]]:
    """The type and all below it that the program defines."""
    yield base
    for below in base.__subclasses__():
        for found in family(below):
            if found.__module__.partition(".")[0] in {"cap", "channels", "dispatcher"}:
                yield found


def faults(types: list[type[Exception]], answers: dict[str, type], *, itself: bool = True) -> list[str]:
    """What the types leave open, and where two answer the same that should differ."""
    found = []
    for one in types:
        given: dict[str, Any] = (
            dict(vars(one)) if itself else {name: getattr(one, name, None) for name in answers}
        )
        found += [
            f"{one.__name__}: {name}"
            for name, kind in answers.items()
            if not isinstance(given.get(name), kind)
        ]
    for name in set(DISTINCT) & set(answers):
        counted = Counter(vars(one).get(name) for one in types)
        found += [f"{name} twice: {value}" for value, times in counted.items() if value and times > 1]
    return found


@pytest.fixture(scope="module", autouse=True)
def everything_imported() -> None:
    for package in (cap, channels, dispatcher):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(NOT_IMPORTED) and not module.name.endswith("__main__"):
                importlib.import_module(module.name)


@pytest.mark.parametrize("base", FAMILIES, ids=lambda base: base.__name__)
def test_every_error_answers_everything_itself(base: type[Exception]) -> None:
    types = list(dict.fromkeys(family(base)))
    assert len(types) > 2
    assert faults(types, FAMILIES[base]) == []


@pytest.mark.parametrize("base", COMMON, ids=lambda base: base.__name__)
def test_every_error_that_ends_a_command_says_with_which_status(base: type[Exception]) -> None:
    types = list(dict.fromkeys(family(base)))
    assert faults(types, COMMON[base], itself=False) == []
    assert all(getattr(one, "exit_status", 0) > 0 for one in types)


def test_levels_are_levels_of_logging() -> None:
    for base in (DeliveryError, ChannelError):
        for one in family(base):
            assert getattr(one, "log_level", None) in LEVELS, one


def test_what_needs_a_person_is_logged_as_an_error() -> None:
    for one in family(ChannelError):
        assert issubclass(one, ChannelError)
        assert one.needs_person is (one.log_level == logging.ERROR), one


def test_an_error_that_leaves_an_answer_open_is_found() -> None:
    class Moody(DeliveryError):
        label = "gone"
        log_level = logging.DEBUG

    class Moodier(Moody):
        label = "moodier"
        log_level = logging.DEBUG
        consequence = "retry"  # type: ignore[assignment]  # a word is no Consequence
        gateway_fault = False

    answers = FAMILIES[DeliveryError]
    assert faults([Moody], answers) == ["Moody: consequence", "Moody: gateway_fault"]
    assert faults([Moodier], answers) == ["Moodier: consequence"]
    assert "label twice: gone" in faults([*family(DeliveryError), Moody], answers)
    assert faults([Moody], {"exit_status": int}, itself=False) == ["Moody: exit_status"]


def test_an_error_far_below_is_walked_to() -> None:
    class Base(Exception):
        pass

    class Below(Base):
        pass

    class Deeper(Below):
        pass

    for one in (Base, Below, Deeper):
        one.__module__ = "channels.nowhere"
    assert list(family(Base)) == [Base, Below, Deeper]
