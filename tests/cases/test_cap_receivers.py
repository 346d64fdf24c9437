"""A siren is told of warnings, changes and ends by signed CAP messages; the receiver of the documents runs as it is."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import cap
from cap.signatures.verification import Verdict, verify
from channels.app.delivery import DELIVERY, DELIVERY_SIGNATURE
from channels.app.standard_webhooks import decode_secrets, sign
from tests.api.conftest import SECRET as KEY_SECRET
from tests.cases.test_flicker import NEEDED, OTHER, absent
from tests.cases.town import ALDENHOVEN, CENTRE, DUEREN, OFFICE, Town
from tests.channels.app.test_channel import NEW as SECRET
from tests.channels.far_side import Seen
from tests.support import documents
from tests.support.submissions import warning

pytestmark = pytest.mark.processes

PATH = "/v1/instance/webhook"
PATIENCE_S = 30
[PROGRAM] = documents.blocks(documents.page("cap-receivers.md"), "python")


@dataclass
class Siren:
    """A municipality's sirens: what was posted to them, and the documents' receiver, to which it goes on."""

    town: Town
    origin: str
    process: Any

    async def register(self, **more: Any) -> Any:
        body = {"url": self.town.apps[0].origin + "/cap", "secret": SECRET, "form": "cap"} | more
        return await self.ask("PUT", "", body)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        sent = json.dumps(body).encode() if body else b""
        key = f"wi_i{ALDENHOVEN}_{KEY_SECRET}"
        answer = await self.town.service.request(method, PATH + path, sent, key=key)
        assert answer.status == 200, answer.body
        return answer.json

    @property
    def posted(self) -> list[Seen]:
        return self.town.apps[0].seen

    def said(self) -> list[Any]:
        return [json.loads(one.headers[DELIVERY]) for one in self.posted]

    async def take(self, seen: Seen, **changes: Any) -> int:
        """Let the receiver have what was posted, perhaps changed. Its status."""
        passed = (
            "content-type",
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
            DELIVERY,
            DELIVERY_SIGNATURE,
        )
        headers = {name: seen.headers[name] for name in passed} | changes.pop("headers", {})
        body = changes.pop("body", seen.body)
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.origin}/cap", data=body, headers=headers) as answer,
        ):
            return answer.status

    async def line(self) -> str:
        read = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_S)
        return read.decode().strip()


@pytest.fixture
async def siren(town: Town, tmp_path: Path) -> AsyncIterator[Siren]:
    async with receiver(town, tmp_path) as (process, origin):
        yield Siren(town, origin, process)


@asynccontextmanager
async def receiver(town: Town, tmp_path: Path) -> AsyncIterator[Any]:
    file = tmp_path / "receiver.py"
    file.write_text(PROGRAM)
    environment = {**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": "0", "WARN": town.service.url}
    process = await asyncio.create_subprocess_exec(sys.executable, str(file), env=environment, stdout=PIPE)
    assert process.stdout is not None
    try:
        listening = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
        yield process, f"http://127.0.0.1:{listening.decode().split()[1]}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def certificates(town: Town) -> bytes:
    answer = await town.service.request("GET", "/v1/public/signing-certificates", key="")
    found: bytes = answer.body
    return found


async def test_a_siren_goes_on_and_off_by_signed_messages(siren: Siren) -> None:
    town = siren.town
    assert (await siren.register())["form"] == "cap"
    first = warning(ALDENHOVEN, DUEREN, sender=CENTRE, headline="Rauch & <Ruß>")
    await town.accepted(first)
    await town.work()
    [posted] = siren.posted
    assert posted.headers["content-type"] == "application/cap+xml"
    found = verify(posted.body, {CENTRE: [await certificates(town)]}, datetime.now(UTC))
    assert found.verdict is Verdict.VALID
    assert (found.alert,) == cap.parse(first.xml()).alerts, "it says what came in"
    [said] = siren.said()
    assert (said["kind"], said["chain"]) == ("alert", said["alert"])
    assert {ALDENHOVEN, DUEREN} >= set(said["municipalities"])
    public = await town.service.request("GET", f"/v1/public/alerts/{said['alert']}/cap/signed", key="")
    await town.service.parts.publisher.look(afresh=True)
    public = await town.service.request("GET", f"/v1/public/alerts/{said['alert']}/cap/signed", key="")
    assert public.body == posted.body, "the same bytes as anybody reads"
    assert await siren.take(posted) == 204
    assert await siren.line() == f"on {said['chain']} Rauch & <Ruß>"

    # What goes on elsewhere only is an end here, whatever the message says.
    second = first.later("anderswo", minutes=5, infos=(warning(DUEREN).infos[0],))
    await town.accepted(second)
    await town.work()
    newest = siren.said()[-1]
    assert (newest["kind"], newest["chain"]) == ("no_longer_affected", said["chain"])
    assert cap.parse(siren.posted[-1].body).alerts[0].msg_type is cap.MsgType.UPDATE
    assert newest["sequence"] > said["sequence"]
    assert await siren.take(siren.posted[-1]) == 204
    assert await siren.line() == f"off {said['chain']} no_longer_affected"

    # What came before does nothing any more, as a repeat or under another id.
    assert await siren.take(posted) == 204
    again = warning(ALDENHOVEN, sender=CENTRE, event="Sturm", headline="Sturm")
    await town.accepted(again)
    await town.work()
    await town.accepted(again.later("ende", "Cancel", minutes=10, infos=()))
    await town.work()
    storm, end = siren.posted[-2:]
    assert [one["kind"] for one in siren.said()[-2:]] == ["alert", "cancel"]
    assert [await siren.take(one) for one in (end, storm)] == [204, 204]
    assert await siren.line() == f"off {siren.said()[-1]['chain']} cancel"
    siren.process.kill()
    assert await siren.process.stdout.read() == b"", "a warning that comes after its end"


async def test_what_is_forged_or_changed_is_refused(siren: Siren) -> None:
    town = siren.town
    await siren.register()
    await town.accepted(warning(ALDENHOVEN, sender=CENTRE, headline="Rauch"))
    await town.work()
    [posted] = siren.posted
    said = posted.headers[DELIVERY]
    other = said.replace('"alert"', '"cancel"')
    assert other != said
    assert await siren.take(posted, body=posted.body.replace(b"Rauch", b"Nebel")) == 401
    assert await siren.take(posted, headers={DELIVERY: other}) == 401
    assert await siren.take(posted, headers={DELIVERY_SIGNATURE: posted.headers["webhook-signature"]}) == 401
    assert await siren.take(posted, headers={"webhook-timestamp": "1"}) == 401
    assert await siren.take(posted, headers={"webhook-id": "another"}) == 401
    assert await siren.take(posted) == 204
    assert (await siren.line()).startswith("on ")


async def test_a_warning_runs_out_by_itself(siren: Siren) -> None:
    town = siren.town
    await siren.register()
    await town.accepted(warning(ALDENHOVEN, sender=CENTRE))
    await town.work()
    [posted] = siren.posted
    [said] = siren.said()
    ends_now = json.dumps(said | {"expires": datetime.now(UTC).isoformat()}).encode()
    signature = sign(
        decode_secrets(SECRET),
        posted.headers["webhook-id"],
        int(posted.headers["webhook-timestamp"]),
        ends_now,
    )
    assert (
        await siren.take(posted, headers={DELIVERY: ends_now.decode(), DELIVERY_SIGNATURE: signature}) == 204
    )
    lines = [await siren.line() for _ in range(2)]
    assert lines == [f"on {said['chain']} Hochwasser an der Rur", f"off {said['chain']} expired"]


async def test_a_test_sounds_no_siren(siren: Siren) -> None:
    await siren.register()
    tested = await siren.ask("POST", "/test")
    assert (tested["status"], tested["meaning"]) == (204, "accepted")
    [posted] = siren.posted
    found = verify(
        posted.body, {"cap-dispatcher@localhost": [await certificates(siren.town)]}, datetime.now(UTC)
    )
    assert found.verdict is Verdict.VALID
    assert found.alert is not None
    assert (found.alert.status, siren.said()[0]["test"]) == (cap.Status.TEST, True)
    assert await siren.take(posted) == 204
    assert await siren.line() == f"test {found.alert.identifier}"


async def test_what_its_source_no_longer_lists_ends_with_a_message_of_its_own(siren: Siren) -> None:
    town = siren.town
    await siren.register()
    one = warning(ALDENHOVEN, sender=OFFICE, headline="Frost", event="Frost")
    await town.poll("complete", one, OTHER)
    await town.work()
    await absent(town, NEEDED)
    assert [said["kind"] for said in siren.said()] == ["alert", "delisted"]
    ending = cap.parse(siren.posted[-1].body).alerts[0]
    assert (ending.msg_type, ending.references[0].identifier) == (cap.MsgType.CANCEL, one.identifier)
    for posted in siren.posted:
        assert await siren.take(posted) == 204
    assert [(await siren.line()).split()[0] for _ in range(2)] == ["on", "off"]


async def test_it_may_change_to_notices_and_back_and_keeps_its_secret(siren: Siren) -> None:
    town = siren.town
    await siren.register()
    await siren.ask("POST", "/rotate", {"overlap_hours": 1})
    assert (await siren.ask("GET", ""))["form"] == "cap"
    await siren.register(form="notice")
    await town.accepted(warning(ALDENHOVEN, sender=CENTRE))
    await town.work()
    assert siren.posted[-1].headers["content-type"] == "application/json"
    assert DELIVERY not in siren.posted[-1].headers
    await siren.register()
    await town.accepted(warning(ALDENHOVEN, sender=CENTRE, event="Sturm"))
    await town.work()
    assert siren.posted[-1].headers["content-type"] == "application/cap+xml"


async def test_what_cannot_be_signed_is_tried_again_and_holds_up_nobody(
    siren: Siren, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = siren.town
    await siren.register()
    await town.follow("b", ALDENHOVEN)
    with monkeypatch.context() as patched:
        patched.setattr("cap.signatures.signing.render", lambda alert: cap.render(alert)[:-9])
        alert_id = await town.accepted(warning(ALDENHOVEN, sender=CENTRE))
        await town.work()
    assert [one.target for one in siren.posted] != ["/cap"]
    assert not [one for one in siren.posted if one.target == "/cap"]
    problems = await town.service.parts.health.pool.fetch("SELECT code FROM problem")
    assert {row["code"] for row in problems} == {"message_not_signed"}, alert_id
