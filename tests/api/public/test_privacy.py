"""Nothing that is not meant for everybody is in any public form: asked of every public route that there is."""

import asyncio
from typing import Any

from tests.api.conftest import Service
from tests.support.messages import DUEREN, JUELICH
from tests.support.operations import Operation, operations
from tests.support.submissions import warning

HIDDEN: dict[str, dict[str, str]] = {
    "exercise": {"status": "Exercise", "more": "<note>Übung</note>"},
    "test": {"status": "Test"},
    "system": {"status": "System"},
    "draft": {"status": "Draft"},
    "restricted": {"scope": "Restricted", "more": "<restriction>Stab</restriction>"},
    "private": {"scope": "Private", "more": "<addresses>a@b.example</addresses>"},
}
SHAPE = "<polygon>50.800,6.480 50.800,6.485 50.805,6.485 50.800,6.480</polygon>"
ENDLESS = "text/event-stream"
SILENCE_S = 0.5
"""After so long without a word, what goes on for ever has said all that it has to say."""
WITHOUT_WARNINGS = (
    "/api/appdata/",
    "/api31/{provider}/",
    "/v1/public/signing-certificates",
    "/v1/public/widget",
    "/v1/municipalities/{key}/badge",
    "/v1/districts/{key}/badge",
)
"""What has no warning in it, or only those of one provider, or how many there are."""


async def said(service: Service, operation: Operation, **values: str) -> tuple[int, str]:
    """The status and the whole text of an answer; of one without an end, what it says at first."""
    async with service.session.request(operation.method, service.url + operation.target(**values)) as answer:
        if not answer.content_type.startswith(ENDLESS):
            return answer.status, await answer.text()
        parts = []
        try:
            while part := await asyncio.wait_for(answer.content.readany(), SILENCE_S):
                parts.append(part)
        except TimeoutError:
            pass
        return answer.status, b"".join(parts).decode()


def public(service: Service) -> list[Operation]:
    assert service.description
    found = [one for one in operations(service.description.document) if one.is_open]
    assert not {one.method for one in found} - {"GET"}, "say here how else it is asked"
    return found


async def test_no_public_form_has_exercises_tests_or_what_is_restricted(service: Service) -> None:
    hidden: dict[str, str] = {}
    for name, changes in HIDDEN.items():
        message = warning(DUEREN, JUELICH, headline=f"geheim-{name}", instruction=f"geheim-{name}", **changes)
        answer = await service.submit(message)
        if answer.status == 201:
            hidden[answer.json["alert"]["id"]] = message.identifier
    assert len(hidden) >= 4
    public_one = warning(DUEREN, JUELICH, headline="oeffentlich", shapes=SHAPE)
    shown = (await service.submit(public_one)).json["alert"]["id"]
    await service.parts.publisher.look(afresh=True)

    for operation in public(service):
        for alert_id in (*hidden, shown) if "{alert_id}" in operation.path else (shown,):
            for values in _asked(operation):
                status, text = await said(service, operation, **{"alert_id": alert_id} | values)
                assert (status == 200) == (alert_id == shown), (operation, alert_id)
                found = [word for word in ("geheim", *hidden, *hidden.values()) if word in text]
                assert not found or found == [alert_id], (operation.path, found)
                if status == 200 and not operation.path.startswith(WITHOUT_WARNINGS):
                    assert shown in text or "oeffentlich" in text, f"{operation.path} shows nothing at all"


def _asked(operation: Operation) -> list[dict[str, Any]]:
    """What else is worth asking an operation for than its own example."""
    of_region = [{"ars": ars} for ars in ("053580000000", "053580008008")]
    of_map = [{"provider": name} for name in ("mowas", "dwd")]
    return {"/api31/dashboard/{ars}.json": of_region, "/api31/{provider}/mapData.json": of_map}.get(
        operation.path, [{}]
    )
