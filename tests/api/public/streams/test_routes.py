"""Anybody listens to what changes at a place, as a browser's EventSource does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.api.conftest import KEY, Service, introduce, serving
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.submissions import warning

STREAM = f"/v1/municipalities/{DUEREN}/alerts.events"


class Listening:
    """What a client has heard."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.last_id = ""
        self.retry = 0

    async def event(self) -> tuple[str, Any]:
        """The next event: its name and data. Raises EOFError at the end. `state` is passed over: on a busy machine the
        record may seem to be away for a moment.
        """
        fields: dict[str, str] = {}
        async with asyncio.timeout(30):
            while line := await self.response.content.readline():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if line != b"\n":
                    fields[name] = value
                    continue
                self.last_id = fields.get("id", self.last_id)
                self.retry = int(fields.get("retry", self.retry))
                if fields.get("event", "state") != "state":
                    return fields["event"], json.loads(fields["data"])
                fields = {}
        raise EOFError

    async def covered(self) -> Any:
        """The data of the first snapshot that knows of the source: who listens earlier gets another one then."""
        while True:
            name, data = await self.event()
            assert name == "snapshot"
            if data["covered"]:
                return data

    async def change(self) -> tuple[str, Any]:
        """The next event that is no snapshot: who begins just as all get one has it twice."""
        while (found := await self.event())[0] == "snapshot":
            pass
        return found


@asynccontextmanager
async def listening(service: Service, path: str = STREAM, **headers: str) -> AsyncIterator[Listening]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with service.session.get(service.url + path, headers=named) as response:
        assert response.status == 200
        assert response.headers["content-type"] == "text/event-stream"
        yield Listening(response)


async def published(service: Service) -> None:
    await service.parts.publisher.look(afresh=True)


async def submitted(service: Service, message: Any) -> str:
    found: str = (await service.submit(message)).json["alert"]["id"]
    await published(service)
    return found


async def test_a_listener_hears_of_a_warning_its_update_and_its_end(service: Service) -> None:
    await published(service)
    one = warning(DUEREN, JUELICH)
    async with (
        listening(service) as here,
        listening(service, "/v1/districts/05358/alerts.events?language=en") as district,
        listening(service, "/v1/public/alerts.events") as anywhere,
        listening(service, f"/v1/municipalities/{HEIMBACH}/alerts.events") as elsewhere,
    ):
        everybody = (here, district, anywhere)
        for client in (*everybody, elsewhere):
            assert (await client.covered())["alerts"] == []
            assert 2000 <= client.retry < 6000
        first = await submitted(service, one)
        for client in everybody:
            name, data = await client.change()
            assert (name, data["id"], data["alert"]["alert"]) == ("new", first, first)
        two = one.later("neu", infos=warning(DUEREN).infos)
        second = await submitted(service, two)
        for client in everybody:
            name, data = await client.change()
            assert (name, data["id"], data["replaces"]) == ("updated", second, [first])
        resumed_from = here.last_id
        end = await submitted(service, two.later("ende", "Cancel", infos=()))
        for client in everybody:
            name, data = await client.change()
            assert (name, data["id"], data["superseded_by"]) == ("ended", second, end)
        assert service.count("warn_streams") == 4
        async with listening(service, Last_Event_ID=resumed_from) as again:
            assert (await again.event())[0] == "ended"
        third = await submitted(service, warning(HEIMBACH))
        assert (await elsewhere.change())[1]["id"] == third, "of all the others it heard nothing"


async def test_any_headers_are_taken_and_a_head_gets_its_own(service: Service) -> None:
    await published(service)
    for headers in (
        {"accept": "image/png"},
        {"range": "bytes=0-3"},
        {"if_none_match": "*"},
        {"if_match": '"x"'},
        {"if_modified_since": "x"},
        {"authorization": f"Bearer {KEY}"},
        {"last_event_id": "x" * 1000},
        {"accept_encoding": "gzip"},
    ):
        async with listening(service, **headers) as client:
            assert (await client.event())[0] == "snapshot"
            for name, value in {"cache-control": "no-store", "access-control-allow-origin": "*"}.items():
                assert client.response.headers[name] == value
            assert client.response.headers["alerts-as-of"]
            assert "etag" not in client.response.headers
    async with service.session.head(service.url + STREAM) as answer:
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        assert len(answer.headers.getall("access-control-allow-origin")) == 1
        assert await answer.read() == b""


REFUSED = {
    "/v1/municipalities/99999999/alerts.events": (404, "not-found"),
    "/v1/municipalities/x/alerts.events": (404, "not-found"),
    "/v1/districts/99999/alerts.events": (404, "not-found"),
    f"{STREAM}?language=fr": (422, "invalid-request"),
}


async def test_what_there_is_not_is_refused(service: Service) -> None:
    await published(service)
    for path, (status, problem) in REFUSED.items():
        (await service.request("GET", path, key="")).problem(status, problem)
    posted = await service.request("POST", STREAM, key="")
    assert (posted.status, posted.headers["allow"]) == (405, "GET, HEAD")


async def test_an_address_has_so_many_and_is_told_when_to_come_again(settings: Any) -> None:
    async with serving(settings.model_copy(update={"streams_per_address": 1})) as service:
        await introduce(service.parts)
        await published(service)
        async with listening(service) as client:
            await client.event()
            refused = await service.request("GET", STREAM, key="")
            refused.problem(503, "overloaded")
            assert refused.headers["retry-after"] == "30"
            # A proxy on this machine says for whom it asks.
            async with listening(service, X_Forwarded_For="192.0.2.7") as other:
                await other.event()
        assert service.count("warn_streams_refused_total", reason="address") == 1
