"""What came in is passed on signed, and others verify it with the certificate that anybody is given."""

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cap
from cap.signatures.certificates import fingerprint
from cap.signatures.verification import Verdict, verify
from channels.clock import utc_now
from dispatcher.access.principals import SERVICE
from dispatcher.publication.documents import CACHE_CONTROL
from dispatcher.store.signing_keys import SigningKeys
from tests.api.conftest import Service
from tests.api.public.test_routes import NOWHERE, read, submitted
from tests.support import documents
from tests.support.messages import SENDER, InfoPart
from tests.support.programs import program, run
from tests.support.submissions import warning
from tests.support.xml_signatures import Others

CERTIFICATES = "/v1/public/signing-certificates"


@pytest.mark.processes
async def test_others_verify_what_the_service_signs(service: Service, tmp_path: Path) -> None:
    infos = (InfoPart(headline="Rauch & <Ruß>"), InfoPart(language="en", headline="Smoke"))
    one = warning(infos=infos)
    alert_id = await submitted(service, one)
    path = f"/v1/public/alerts/{alert_id}/cap/signed"
    answer = await read(service, path)
    bundle = (await read(service, CERTIFICATES)).body
    assert (answer.status, answer.headers["content-type"]) == (200, "application/cap+xml")
    assert cap.parse(answer.body).alerts == cap.parse(one.xml()).alerts
    found = verify(answer.body, {SENDER: [bundle]}, utc_now())
    assert (found.verdict, found.certificate) == (Verdict.VALID, fingerprint(bundle))
    others = Others(tmp_path, SimpleNamespace(key=b"", certificate=bundle))
    changed = answer.body.replace(b"Smoke", b"Smoky")
    assert [others.xml_crypto_verifies(data) for data in (answer.body, changed)] == [True, False]
    assert [others.xmlsec1_verifies(data) for data in (answer.body, changed)] == [True, False]


@pytest.mark.processes
async def test_the_command_of_the_documents_verifies_it_with_whichever_key_signed(
    service: Service, pool: Any, tmp_path: Path
) -> None:
    """`xmlsec1` reads the first certificate of a file alone, and the one that signs is not always the first."""
    keys = SigningKeys(pool, service.parts.signer._keys._addresses)
    await keys.make(lambda _keys, now: now, SERVICE)
    await keys.make(lambda listed, _now: listed[0].ends_at, SERVICE)
    alert_id = await submitted(service, warning())
    assert (await read(service, CERTIFICATES)).body.count(b"BEGIN") == 2, "the next one comes first"
    for name in ("xmlsec1", "curl"):
        program(name, name)
    [block] = [one for one in documents.blocks(documents.page("cap-receivers.md"), "sh") if "xmlsec1" in one]
    surroundings = {**os.environ, "WARN": service.url, "ID": alert_id}

    async def ends(script: str) -> int:
        command = ["bash", "-c", script]
        return (await asyncio.to_thread(run, command, cwd=tmp_path, env=surroundings)).returncode

    assert await ends(block) == 0
    signed = tmp_path / "signed.xml"
    signed.write_bytes(signed.read_bytes().replace(b"Actual", b"Test"))
    assert await ends(block[block.index("for ") :]) != 0


async def test_it_is_the_same_document_again_and_again_and_after_its_end(service: Service) -> None:
    one = warning()
    alert_id = await submitted(service, one)
    path = f"/v1/public/alerts/{alert_id}/cap/signed"
    first, again = [await read(service, path) for _ in range(2)]
    assert (first.body, first.headers["etag"]) == (again.body, again.headers["etag"])
    assert first.headers["cache-control"] == CACHE_CONTROL
    assert first.headers["alerts-as-of"]
    same = await read(service, path, **{"If-None-Match": first.headers["etag"]})
    assert (same.status, same.body) == (304, b"")
    detail = (await read(service, f"/v1/public/alerts/{alert_id}")).json
    assert {detail["cap_signed"], *(notice["cap_signed"] for notice in detail["notices"])} == {path}
    await service.submit(one.later("ende", "Cancel", infos=()))
    assert (await read(service, path)).body == first.body


async def test_nothing_else_is_signed(service: Service) -> None:
    exercise = await submitted(service, warning(status="Exercise", more="<note>Übung</note>"))
    for alert_id in (exercise, NOWHERE, "x"):
        (await read(service, f"/v1/public/alerts/{alert_id}/cap/signed")).problem(404, "not-found")


async def test_what_cannot_be_signed_is_refused_and_there_as_it_came(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert_id = await submitted(service, warning())
    monkeypatch.setattr("cap.signatures.signing.render", lambda alert: cap.render(alert)[:-9])
    answer = await read(service, f"/v1/public/alerts/{alert_id}/cap/signed")
    answer.problem(404, "not-found")
    assert "unterschreiben" in answer.json["detail"]
    assert (await read(service, f"/v1/public/alerts/{alert_id}/cap")).status == 200


async def test_certificates_are_those_of_all_good_keys(service: Service, pool: Any) -> None:
    keys = SigningKeys(pool, service.parts.signer._keys._addresses)
    first = await keys.make(lambda _keys, now: now, SERVICE)
    following = await keys.make(lambda listed, _now: listed[0].ends_at, SERVICE)
    assert first
    assert following
    answer = await read(service, CERTIFICATES)
    assert answer.body == following.certificate + first.certificate
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-type"] == "application/pem-certificate-chain"
    assert b"PRIVATE" not in answer.body


async def test_a_key_that_this_machine_cannot_open_signs_nothing_and_says_try_later(
    service: Service, pool: Any
) -> None:
    alert_id = await submitted(service, warning())
    await SigningKeys(pool, service.parts.signer._keys._addresses).make(lambda _keys, now: now, SERVICE)
    await pool.execute("UPDATE signing_key SET sealed = sealed || 'x'::bytea")
    for path in (f"/v1/public/alerts/{alert_id}/cap/signed", CERTIFICATES):
        (await read(service, path)).problem(503, "record-unavailable")
    (await read(service, f"/v1/public/alerts/{alert_id}/cap")).body.startswith(b"<")
