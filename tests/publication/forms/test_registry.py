"""Every form of the registry gives its bytes, and the same again."""

from typing import Any

import pytest
from lxml import etree

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.vocabulary import Reason
from dispatcher.publication.forms import registry
from dispatcher.publication.forms.registry import PlaceForm, WarningForm
from dispatcher.publication.in_force import PublicWarning
from dispatcher.publication.messages import PARSED_BYTES, KeptMessages
from dispatcher.publication.places import PublicPlaces
from tests.support.feed_messages import CORPUS, corpus
from tests.support.messages import HOUR, NOW, Message, stored
from tests.support.publication import found, warned, warning_of

FORMS = [one for one in vars(registry).values() if isinstance(one, PlaceForm | WarningForm)]


def test_each_form_has_a_name_of_its_own() -> None:
    assert len({one.name for one in FORMS}) == len(FORMS) >= 4


@pytest.mark.parametrize("form", FORMS, ids=lambda one: one.name)
def test_a_form_is_a_pure_function(form: PlaceForm | WarningForm, boundaries: Boundaries) -> None:
    def rendered(room: int = PARSED_BYTES) -> bytes:
        messages = KeptMessages(room)
        ended = warned("O", messages=messages, stopped_by="E", stopped_at=NOW)
        end = Message(identifier="nr-E", msg_type="Cancel", references=(Message(identifier="nr-O"),))
        state = found(
            warned("A", messages=messages),
            ended,
            warned("E", message=end, messages=messages, reason=Reason.CANCEL),
        )
        if isinstance(form, WarningForm):
            return form.render(state, state.warnings[0])
        return form.render(state, PublicPlaces(boundaries).everywhere())

    assert rendered() == rendered() != b""
    assert rendered(0) == rendered(), "whether its messages are in memory or not"


def test_the_message_is_as_it_came() -> None:
    state = found(warned("A"))
    assert registry.MESSAGE.render(state, state.warnings[0]) == Message(identifier="nr-A").xml()


def real_warnings() -> list[PublicWarning]:
    """Messages that nobody here wrote, as if they concerned Düren."""
    corpus("INDEX.tsv")
    warnings = []
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix not in {".cap", ".xml"} or path.stat().st_size > 100_000:
            continue
        raw = path.read_bytes()
        try:
            alerts = cap.parse(raw).alerts
        except cap.CapError:
            continue
        for alert in alerts[:1]:
            if alert.sent is not None:
                changes: dict[str, Any] = {
                    "id": f"N{len(warnings)}",
                    "sent": alert.sent,
                    "sender": alert.sender,
                }
                on_record = stored(**changes, expires=alert.sent + HOUR)
                warnings.append(warning_of(on_record, raw))
    return warnings


def test_every_form_takes_every_real_message(boundaries: Boundaries) -> None:
    everywhere, warnings = PublicPlaces(boundaries).everywhere(), real_warnings()
    assert len(warnings) >= 15
    for warning in warnings:
        state = found(warning, now=warning.stored.sent)
        for form in FORMS:
            body = (
                form.render(state, warning)
                if isinstance(form, WarningForm)
                else form.render(state, everywhere)
            )
            if form is registry.ATOM:
                etree.fromstring(body)
            elif form is not registry.MESSAGE:
                assert b":null" not in body or "nina" not in form.name, form.name
