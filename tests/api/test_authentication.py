"""Every kind of principal at every route, as the table says; and an application that differs from the table."""

import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from fastapi import APIRouter, Depends, FastAPI

from channels.base import Endpoint
from channels.sms.settings import SmsGatewaySettings
from channels.webpush.encoder import DirectEncoder
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.keys import KeyKind, KeyName
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import GRANT_OF, GRANTS, Grant, Permission, Route, Scope
from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR, of_operator
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.access.secret_tokens import form_token, token_digest
from dispatcher.access.table import METRICS_ROUTES, OPEN_ROUTES, REQUIRED_BY_ROUTE, TableError, Wired
from dispatcher.api.application import application
from dispatcher.api.authentication import require, require_table, wired_routes
from dispatcher.api.pages.routes import WORKER
from dispatcher.apps.registration import WebhookRequest
from dispatcher.metrics import Metrics
from dispatcher.model.principals import Instance, RemoteOperator
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.templates.version import NewTemplateVersion, TemplateStep
from dispatcher.model.vocabulary import Environment, environment_of_path
from dispatcher.pages.assets import assets
from dispatcher.runtime.probes import probe_app
from dispatcher.runtime.secrets.shared import agreed_secret
from dispatcher.settings import Settings
from dispatcher.store.audience.subscribers import Subscribers, Tokens
from dispatcher.store.keys import Keys
from dispatcher.store.parties import Parties
from dispatcher.store.persons.persons import Persons
from dispatcher.store.persons.sessions import Method
from tests.api.conftest import (
    CAP,
    EXERCISE_KEY,
    INSTANCE_KEY,
    KEY,
    OTHER_KEY,
    SECRET,
    Service,
    introduce,
    serving,
)
from tests.metrics.test_registry import samples
from tests.support.console import CONSOLE, invited
from tests.support.messages import DUEREN, JUELICH, SENDER
from tests.support.sealed import ADDRESSES
from tests.support.submissions import AACHEN, warning
from tests.support.subscribers import endpoint, expect_code, number, wish
from tests.support.templates import VALUES as TEMPLATE_VALUES
from tests.support.templates import members as template_members
from tests.support.templates import template as prepared_warning

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
FEED_KEY, OTHER_FEED_KEY = f"wk_mowas-1_{SECRET}", f"wk_other-1_{SECRET}"
OTHER_INSTANCE_KEY = f"wi_aachen_{SECRET}"
OPERATOR_KEY = f"wo_anna_{SECRET}"
GATEWAY_SECRET, OTHER_GATEWAY_SECRET = "geheimnis-des-gateways", "geheimnis-des-anderen"
PHONE_TOKEN, OTHER_PHONE_TOKEN = f"wt_{'p' * 43}", f"wt_{'q' * 43}"
OF_BACKEND, OF_PHONE, OF_OTHER_PHONE = (f"{name}-installation" for name in ("backends", "phones", "others"))
FEEDS = '[[feed]]\nname = "mowas"\nadapter = "push"\n[[feed]]\nname = "other"\nadapter = "push"\n'


@dataclass(frozen=True)
class Caller:
    """Somebody who asks. `kind` is None for a credential that is valid for nobody."""

    name: str
    key: str
    kind: PrincipalKind | None = None
    environment: Environment = Environment.LIVE
    role: Role | None = None
    """Of a person."""
    of: str = ""
    """The source that a person writes for, by the name of its caller: what is that source's own is the person's."""

    def shown(self) -> dict[str, str]:
        """What it shows of itself."""
        if not self.key.startswith("ws_"):
            return {"key": self.key}
        jar = "; ".join(f"__Host-warn-{one}={self.key}" for one in ("live", "exercise"))
        return {"key": "", "Cookie": jar, "Origin": CONSOLE, "X_CSRF_Token": form_token(self.key)}


def session_of(name: str) -> str:
    """The token of a person's session."""
    return f"ws_{name}".ljust(43, "x")


CALLERS = (
    Caller("nobody", ""),
    Caller("nonsense", "nonsense"),
    Caller("a wrong source's key", f"wk_leitstelle_{'t' * 43}"),
    Caller("a wrong instance's key", f"wi_dueren_{'t' * 43}"),
    Caller("a revoked key", f"wk_revoked_{SECRET}"),
    Caller("an expired key", f"wk_expired_{SECRET}"),
    Caller("a disabled source", f"wk_disabled_{SECRET}"),
    Caller("source", KEY, PrincipalKind.SOURCE),
    Caller("another source", OTHER_KEY, PrincipalKind.SOURCE),
    Caller("feed", FEED_KEY, PrincipalKind.FEED),
    Caller("another feed", OTHER_FEED_KEY, PrincipalKind.FEED),
    Caller("instance", INSTANCE_KEY, PrincipalKind.INSTANCE),
    Caller("another instance", OTHER_INSTANCE_KEY, PrincipalKind.INSTANCE),
    Caller("gateway", GATEWAY_SECRET, PrincipalKind.GATEWAY),
    Caller("another gateway", OTHER_GATEWAY_SECRET, PrincipalKind.GATEWAY),
    Caller("subscriber", PHONE_TOKEN, PrincipalKind.SUBSCRIBER),
    Caller("another subscriber", OTHER_PHONE_TOKEN, PrincipalKind.SUBSCRIBER),
    Caller("operator", OPERATOR_KEY, PrincipalKind.REMOTE_OPERATOR),
    Caller("a wrong operator's key", f"wo_anna_{'t' * 43}"),
    Caller("exercises", EXERCISE_KEY, PrincipalKind.SOURCE, Environment.EXERCISE),
    Caller("a wrong key for exercises", f"wx_leitstelle_{'t' * 43}"),
    *(
        Caller(f"person {role}", session_of(role.value), PrincipalKind.PERSON, role=role, of="source")
        for role in Role
    ),
    Caller(
        "person of another source",
        session_of("elsewhere"),
        PrincipalKind.PERSON,
        role=Role.AUTHOR,
        of="another source",
    ),
    Caller(
        "person of the exercise",
        session_of("exercise"),
        PrincipalKind.PERSON,
        Environment.EXERCISE,
        Role.AUTHOR,
        "exercises",
    ),
    Caller("a role that is over", session_of("over")),
    Caller("a disabled person", session_of("disabled")),
    Caller("a person signed out", session_of("ended")),
)
OWNER = {
    Permission.SUBMIT_ALERTS: "source",
    Permission.PREVIEW_ALERTS: "source",
    Permission.READ_ALERTS: "source",
    Permission.CORRECT_ALERTS: "source",
    Permission.APPROVE_ALERTS: "source",
    Permission.READ_IN_FORCE: "instance",
    Permission.MANAGE_WEBHOOK: "instance",
    Permission.MANAGE_SUBSCRIBERS: "instance",
    Permission.MANAGE_OWN_SUBSCRIPTION: "subscriber",
    Permission.READ_INSTANCE: "instance",
    Permission.MANAGE_CONSENTS: "instance",
    Permission.PUSH_MESSAGES: "feed",
    Permission.REPORT_DELIVERIES: "gateway",
    Permission.DELIVER_TEXTS: "gateway",
}
"""Whose own the things are that these tests ask for, by the name of the caller."""
PROBLEM_OF = {
    HTTPStatus.UNAUTHORIZED: ProblemType.UNAUTHENTICATED,
    HTTPStatus.FORBIDDEN: ProblemType.SENDER_NOT_ALLOWED,
    HTTPStatus.NOT_FOUND: ProblemType.NOT_FOUND,
}


def crosses(route: Route, caller: Caller) -> bool:
    """Whether the caller's credential is not for the environment of the route."""
    return environment_of_path(route.path) is not caller.environment


def expected(row: Grant, route: Route, caller: Caller) -> HTTPStatus | None:
    """The status by the table; None: let in."""
    scope = row.held_by.get(caller.kind) if caller.kind else None
    if caller.role:
        scope = row.roles.get(caller.role)
    if scope is None:
        return HTTPStatus.UNAUTHORIZED
    if crosses(route, caller):
        # A session is looked for by the cookie of the path: of the other environment there is none.
        return HTTPStatus.UNAUTHORIZED if caller.role else HTTPStatus.FORBIDDEN
    owner = "exercises" if caller.environment is Environment.EXERCISE else OWNER.get(row.permission)
    own = scope is Scope.EVERYTHING or owner in (caller.name, caller.of)
    return None if own and scope is not Scope.NOTHING else route.foreign


@dataclass(frozen=True)
class World:
    """A service where everybody is known, with an alert of the source's in the instance's municipality."""

    service: Service
    alert_id: str
    exercise_id: str
    held: tuple[str, str]
    """What waits for a second person: one to be approved, one to be rejected."""
    doubtful: tuple[str, str]
    """What waits for an operator: one to be released, one to be discarded."""
    withdrawn: dict[Environment, str]
    """What waits and may be taken back, of a warning and of an exercise."""

    async def ask(self, route: Route, caller: Caller) -> Any:
        exercise = environment_of_path(route.path) is Environment.EXERCISE
        alert_id = self._alert(route)
        path = route.path.format(
            template_id="hochwasser" if "/versions/" not in route.path else "probe",
            version={"approve": 1, "reject": 2, "retire": 3}.get(route.path.rpartition("/")[2], 0),
            alert_id=alert_id,
            name="mowas",
            gateway="sms-1",
            instance_id="neighbour" if "/consents/" in route.path or _is_operated(route) else "dueren",
            other_id="dueren",
            channel="webpush",
            installation=self._installation(route, caller),
        )
        path += "?what=false-alarm" if path.endswith("/correct") else ""
        body, content_type = b'{"reports": []}', "application/json"
        if path.startswith("/v1/instance/webhook"):
            # A name that leads nowhere: nobody is sent anything.
            url = f"https://{caller.name.replace(' ', '-')}.invalid/warnings"
            body = json.dumps({"url": url}).encode() if route.method == "PUT" else b""
        elif "/subscribers/" in path:
            body = await self._of_subscriber(route, caller)
        elif path.startswith(("/v1/instance/consents", "/v1/instance/receipts")):
            body = b'{"receipts": []}' if path.endswith("/receipts") else b'{"given_by": "A. Muster"}'
        elif _is_operated(route):
            body = json.dumps(OPERATED.get(route.path.rpartition("/")[2], {})).encode()
        elif path.endswith(DECISIONS) or "/v1/templates" in path:
            body = _of_template(path) if "/v1/templates" in path else await self._decision(path, alert_id)
        elif not path.startswith("/v1/gateways"):
            changes = {"status": "Exercise", "more": "<note>Übung</note>"} if exercise else {}
            body, content_type = warning(DUEREN, **changes).xml(), CAP
        shown = caller.shown()
        if route.method == "GET":
            return await self.service.request("GET", path, **shown)
        return await self.service.request(route.method, path, body, content_type=content_type, **shown)

    def _alert(self, route: Route) -> str:
        """The alert that a route is asked for: to be decided about where it decides."""
        environment = environment_of_path(route.path)
        if route.path.endswith("/withdraw"):
            return self.withdrawn[environment]
        if environment is Environment.EXERCISE:
            return self.exercise_id
        if route.path.startswith("/v1/approvals"):
            return self.held[route.path.endswith("/reject")]
        if route.path.startswith("/v1/held"):
            return self.doubtful[route.path.endswith("/discard")]
        return self.alert_id

    async def _decision(self, path: str, waiting: str) -> bytes:
        if path.endswith("/shifts"):
            return b'{"note": "ruhig"}'
        if waiting == self.alert_id:
            return b'{"letters": 0}'
        if waiting == self.doubtful[0]:
            target = await self.service.parts.alerts.target_sha256(waiting)
            return json.dumps({"target_sha256": target, "people": 0, "why": "angerufen"}).encode()
        shown = await self.service.parts.four_eyes.shown(waiting)
        return json.dumps(
            {"binding": shown.binding} if waiting == self.held[0] else {"why": "falsch"}
        ).encode()

    def _installation(self, route: Route, caller: Caller) -> str:
        """Each instance enrols another one, and all ask for the same otherwise."""
        if route.path.startswith("/v1/instances/"):
            return OF_PHONE
        return re.sub(r"[^a-z]", "", caller.name) * 5 if route.method == "PUT" else OF_BACKEND

    async def _of_subscriber(self, route: Route, caller: Caller) -> bytes:
        if route.path.endswith("/proof"):
            await expect_code(self.service.parts.health.pool, "right")
            return b'{"code": "right"}'
        if route.path.endswith("/code"):
            return b'{"position": 1}'
        place = AACHEN if caller.name == "another instance" else DUEREN
        return json.dumps({"endpoints": [], "places": [place]}).encode() if route.method == "PUT" else b""

    async def differences(self, rows: Iterable[Grant]) -> list[str]:
        """Where the service answers otherwise than the table says."""
        found = []
        for row in rows:
            for route in row.routes:
                for caller in CALLERS:
                    answer, status = await self.ask(route, caller), expected(row, route, caller)
                    # Whoever is told that it was too often was let in.
                    if status is None and answer.status >= HTTPStatus.BAD_REQUEST and answer.status != 429:
                        found.append(f"{route} for {caller.name}: {answer.status}, by the table let in")
                    elif status is not None and not _refused(answer, status, problem_of(row, route, caller)):
                        found.append(f"{route} for {caller.name}: {answer.status}, by the table {status}")
        return found


DECISIONS = ("/approve", "/reject", "/release", "/discard", "/replay", "/shifts")
OPERATED = {
    "instances": {"id": "new", "municipalities": [DUEREN]},
    "{instance_id}": {"contact": "A. Muster"},
    "{channel}": {"subject": "mailto:app@kreis-dueren.de"},
    "{other_id}": {"given_by": "A. Muster"},
    "webhook": {"url": "https://operator.invalid/warnings"},
}
"""What an operator sends, by the end of the path."""


def _of_template(path: str) -> bytes:
    """What somebody sends about a template, by the end of the path."""
    if path.endswith(("/templates", "/check")):
        return json.dumps(template_members(id="neu", municipalities=[], area="")).encode()
    if path.endswith("/fill"):
        filled = {"values": TEMPLATE_VALUES, "sender": SENDER, "municipalities": [DUEREN]}
        return json.dumps(filled).encode()
    if path.endswith("/approve"):
        return json.dumps(
            {"sha256": prepared_warning(id="probe", municipalities=[], area="").digest()}
        ).encode()
    return b'{"why": "falsch"}'


async def keep_templates(parts: Any) -> None:
    """One that is approved, and one with a version each to be approved, rejected and retired."""
    for name, titles in (("hochwasser", ["A"]), ("probe", ["Hochwasser", "B", "C"])):
        for title in titles:
            one = prepared_warning(id=name, title=title, municipalities=[], area="")
            new = NewTemplateVersion(name, title, one.content(), bytes.fromhex(one.digest()))
            await parts.templates.save(new, UNNAMED_OPERATOR)
    seen = (await parts.templates.versions("hochwasser"))[0].sha256
    await parts.templates.take(
        TemplateStep.APPROVE, "hochwasser", 1, UNNAMED_OPERATOR, person="c.other", seen=seen
    )


def _is_operated(route: Route) -> bool:
    return route.path.startswith("/v1/operator/")


def problem_of(row: Grant, route: Route, caller: Caller) -> ProblemType | None:
    """What is said of a foreign environment; None: what the status alone says."""
    held = caller.kind is not None and caller.kind in row.held_by
    return ProblemType.WRONG_ENVIRONMENT if held and crosses(route, caller) else None


def _refused(answer: Any, status: HTTPStatus, problem: ProblemType | None) -> bool:
    if answer.status != status:
        return False
    answer.problem(status, problem or PROBLEM_OF[status])
    challenge = "Bearer" if status is HTTPStatus.UNAUTHORIZED else None
    return bool(answer.headers.get("WWW-Authenticate") == challenge)


async def enrol(parts: Any, name: str, token: str) -> None:
    """A subscriber of the instance, who has this token."""
    installation = parts.enrolment.installation("dueren", name)
    pool = parts.health.pool
    await Subscribers(pool, ADDRESSES).put(
        installation,
        replace(wish(name), endpoints=(endpoint(name), number())),
        Tokens(None, parts.enrolment._tokens.digest(token)),
    )


async def let_in(parts: Any) -> None:
    """A person of each role, signed in; and some for whom nothing is open."""
    of_leitstelle = {
        # Who belongs to a centre may have sent what came by its key, and approves none of it.
        role.value: Person(
            f"a.{role}", Environment.LIVE, (RoleGrant(role),), None if role is Role.APPROVER else "leitstelle"
        )
        for role in Role
    }
    author, over = RoleGrant(Role.AUTHOR), RoleGrant(Role.AUTHOR, until=datetime(2026, 1, 1, tzinfo=UTC))
    others = {
        "elsewhere": Person("b.elsewhere", Environment.LIVE, (author,), "nachbar"),
        "exercise": Person("b.exercise", Environment.EXERCISE, (author,), "leitstelle"),
        "over": Person("b.over", Environment.LIVE, (over,), "leitstelle"),
        "disabled": Person("b.disabled", Environment.LIVE, (author,), "leitstelle"),
        "ended": Person("b.ended", Environment.LIVE, (author,), "leitstelle"),
    }
    pool, sessions = parts.health.pool, parts.console.sign_in.stores.sessions
    for name, person in (of_leitstelle | others).items():
        await Persons(pool).add(person, UNNAMED_OPERATOR)
        digest = token_digest(session_of(name))
        assert await sessions.begin(digest, person, Method.PASSKEY, None, UNNAMED_OPERATOR)
    await pool.execute("UPDATE person SET disabled_at = now() WHERE id = 'b.disabled'")
    await pool.execute(
        "UPDATE person_session SET created_at = now() - interval '1 d' WHERE person_id = 'b.ended'"
    )


@pytest.fixture
async def world(settings: Settings, tmp_path: Path) -> AsyncIterator[World]:
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(FEEDS)
    gateways = tuple(
        SmsGatewaySettings.model_validate(
            {
                "name": name,
                "url": "https://sms.example/messages",
                "reports": {"secret": secret, "items": "reports"},
                "inbound": {"secret": secret, "items": "reports"},
            }
        )
        for name, secret in (("sms-1", GATEWAY_SECRET), ("sms-2", OTHER_GATEWAY_SECRET))
    )
    changed = {"feeds": feeds, "sms_gateways": gateways, "console_url": CONSOLE}
    async with serving(settings.model_copy(update=changed)) as service:
        await introduce(service.parts)
        sources, pool = service.parts.sources, service.parts.health.pool
        for name in ("revoked", "expired"):
            await sources.add_key("leitstelle", f"wk_{name}_{SECRET}")
        await Keys(pool).revoke(KeyName(KeyKind.SOURCE, "revoked"))
        await pool.execute("UPDATE api_key SET expires_at = now() - interval '1 s' WHERE id = 'expired'")
        await pool.execute(
            "INSERT INTO source (id, name, senders, territory, disabled_at) VALUES ('disabled', '', '{}', '{}', now())"
        )
        await sources.add_key("disabled", f"wk_disabled_{SECRET}")
        await sources.add_key("feed-mowas", FEED_KEY)
        await sources.add_key("feed-other", OTHER_FEED_KEY)
        await sources.put_instance(Instance("aachen", "Aachen", (AACHEN,)), OTHER_INSTANCE_KEY)
        anna = RemoteOperator("anna", "Anna")
        await Parties(pool).add(anna, OPERATOR_KEY, b"pepper of the tests", UNNAMED_OPERATOR)
        await let_in(service.parts)
        await keep_templates(service.parts)
        await enrol(service.parts, OF_BACKEND, PHONE_TOKEN)
        await enrol(service.parts, OF_PHONE, PHONE_TOKEN)
        await enrol(service.parts, OF_OTHER_PHONE, OTHER_PHONE_TOKEN)
        await sources.put_instance(Instance("neighbour", "Jülich", (JUELICH,)), f"wi_neighbour_{SECRET}")
        there = WebhookRequest("https://neighbour.invalid/warnings", None, None, "de")
        await service.parts.registration.put("neighbour", (JUELICH,), there, UNNAMED_OPERATOR)
        sent = await service.submit(warning(DUEREN))
        drill = await service.submit(warning(DUEREN, status="Exercise", more="<note>Übung</note>"))
        await pool.execute("INSERT INTO approval_rule VALUES ('*', 'Severe', 0, true)")
        held = [(await service.submit(warning(JUELICH, headline=one))).json["alert"]["id"] for one in "ABCDE"]
        await pool.execute("DELETE FROM approval_rule")
        await pool.execute("DELETE FROM approval WHERE alert_id = ANY($1)", held[2:])
        await pool.execute("UPDATE alert SET held_for = 'severity' WHERE id = ANY($1)", held[2:])
        other = (await service.submit(warning(JUELICH, status="Exercise"))).json["alert"]["id"]
        await pool.execute("UPDATE alert SET state = 'held', reason = 'held' WHERE id = $1", other)
        sent_id, drill_id = (one.json["alert"]["id"] for one in (sent, drill))
        withdrawn = {Environment.LIVE: held[4], Environment.EXERCISE: other}
        yield World(service, sent_id, drill_id, (held[0], held[1]), (held[2], held[3]), withdrawn)


def test_every_kind_asks_and_every_kind_that_shows_something_over_http_is_there() -> None:
    assert {caller.kind for caller in CALLERS} - {None} == set(PrincipalKind) - {PrincipalKind.OPERATOR}
    assert {caller.role for caller in CALLERS} - {None} == set(Role)


async def test_every_kind_gets_on_every_route_what_the_table_says(world: World) -> None:
    assert await world.differences(GRANTS) == []


async def test_a_table_that_says_something_else_is_noticed(world: World) -> None:
    row = GRANT_OF[Permission.READ_IN_FORCE]
    more = replace(row, held_by={**row.held_by, PrincipalKind.SOURCE: Scope.OWN})
    hidden = replace(row, routes=(row.routes[0], replace(row.routes[1], foreign=HTTPStatus.FORBIDDEN)))
    fewer = replace(row, held_by={PrincipalKind.GATEWAY: Scope.OWN})
    assert len(await world.differences([more])) == 6, "two sources, and exercises, at two routes"
    assert await world.differences([hidden]) == [
        "GET /v1/instance/alerts/{alert_id}/cap for another instance: 404, by the table 403"
    ]
    found = await world.differences([fewer])
    assert "GET /v1/instance/alerts for instance: 200, by the table 401" in found
    assert "GET /v1/instance/alerts for gateway: 401, by the table let in" in found


async def test_a_session_changes_nothing_without_the_token_and_origin_of_the_console(world: World) -> None:
    body, token = warning(DUEREN).xml(), session_of("author")
    cookie, form = f"__Host-warn-live={token}", form_token(token)
    for wrong in (
        {"Cookie": cookie},
        {"Cookie": cookie, "Origin": CONSOLE},
        {"Cookie": cookie, "Origin": CONSOLE, "X_CSRF_Token": "x"},
        {"Cookie": cookie, "Origin": "https://evil.example", "X_CSRF_Token": form},
        {"Cookie": f"__Host-warn-exercise={token}", "Origin": CONSOLE, "X_CSRF_Token": form},
    ):
        answer = await world.service.request(
            "POST", "/v1/alerts/preview", body, key="", content_type=CAP, **wrong
        )
        answer.problem(401, "unauthenticated")
    assert (await world.service.request("GET", "/v1/alerts", key="", Cookie=cookie)).status == HTTPStatus.OK


async def test_a_person_submits_as_its_centre_and_is_counted_as_that(world: World) -> None:
    token = session_of("author")
    shown = {"Cookie": f"__Host-warn-live={token}", "Origin": CONSOLE, "X_CSRF_Token": form_token(token)}
    sent = await world.service.submit(warning(JUELICH), key="", **shown)
    assert sent.status == HTTPStatus.CREATED
    assert (
        await world.service.parts.health.pool.fetchval(
            "SELECT source_id FROM alert ORDER BY number DESC LIMIT 1"
        )
        == "leitstelle"
    )
    labels = {
        dict(labels).get("source")
        for name, labels in samples(world.service.parts.metrics)
        if name == "warn_alerts_received_total"
    }
    assert "a.author" not in labels


async def test_a_feed_reads_what_came_by_it_and_nobody_else_does(world: World) -> None:
    feed, source, other = (CALLERS[n] for n in (9, 7, 10))
    answer = await world.service.submit(warning(JUELICH), key=FEED_KEY, path="/v1/feeds/mowas/messages")
    (pushed,) = answer.json["messages"]
    own = replace(world, alert_id=pushed["alert"])
    for path in ("", "/cap", "/ledger"):
        route = Route("GET", f"/v1/alerts/{{alert_id}}{path}")
        assert [(await own.ask(route, caller)).status for caller in (feed, source, other)] == [200, 404, 404]


def _file_of(path: str) -> str:
    if path.startswith("/console/"):
        return "console.css"
    return WORKER if path.startswith("/app/") else min(assets().files)


async def test_what_is_open_asks_for_nothing(world: World) -> None:
    service = world.service.parts
    await agreed_secret(service.health.pool, SecretName.VAPID, service.settings)  # as the first worker does
    await service.publisher.look()
    invitation = await invited(service.health.pool, Person("m.keller", Environment.LIVE))
    for entrance in OPEN_ROUTES:
        method, path = entrance.split()
        path = path.format(
            instance_id="dueren",
            installation="a-new-installation",
            token=invitation if "/invitation/" in path else "a" * 26,
            alert_id=world.alert_id,
            key=DUEREN if "municipalities" in path else DUEREN[:5],
            ars=f"{DUEREN[:5]}0000000",
            provider="mowas",
            digest="of-another-version",
            name=_file_of(path),
            environment="live",
            number=1,
            template_id="hochwasser",
            version=1,
            proof="",
        )
        body: str | bytes | None = (
            json.dumps({"endpoints": [], "places": [DUEREN]}) if method == "PUT" else None
        )
        if path == "/v1/receipts" and method == "POST":
            body = '{"receipt": "", "state": "displayed"}'
        if "/canary/" in path:
            own = service.own_receivers
            path = own.address("", "own")
            sealed_for = Endpoint(1, "", own.receiver("own").keys)
            body = DirectEncoder()(b'{"receipt": ""}', sealed_for)
        if path.startswith("/console/") and method == "POST":  # only of its own pages, whoever asks
            assert (await world.service.request(method, path, key="")).status == HTTPStatus.FORBIDDEN
            continue
        if path.endswith(".events"):  # which do not end
            async with world.service.session.get(world.service.url + path) as stream:
                assert stream.status == HTTPStatus.OK, entrance
            continue
        answer = await world.service.request(method, path, body, key="")
        assert answer.status < HTTPStatus.BAD_REQUEST, entrance


@pytest.mark.parametrize("key", ["", KEY])
async def test_what_nothing_can_be_called_is_not_there_whoever_asks(world: World, key: str) -> None:
    for path in ("/v1/alerts/no-id", "/v1/alerts/no-id/cap", "/v1/instance/alerts/no-id/cap", "/v1/feeds/NO"):
        (await world.service.get(path, key=key)).problem(404, "not-found")
    for gateway in ("NO", "nobody"):
        (await world.service.get(f"/v1/gateways/{gateway}/reports", key=key)).problem(404, "not-found")
    wrong = await world.service.get("/v1/alerts?limit=0", key=key)
    assert (wrong.status, [one["path"] for one in wrong.json["errors"]]) == (422, ["query/limit"])


async def test_a_feed_that_is_not_there_is_not_there_for_a_source_either(world: World) -> None:
    path = "/v1/feeds/nobody/messages"
    (await world.service.request("POST", path, b"x", key=KEY)).problem(404, "not-found")
    (await world.service.request("POST", path, b"x", key="")).problem(401, "unauthenticated")


async def test_a_credential_of_the_wrong_kind_costs_the_record_nothing(world: World) -> None:
    """Neither is it asked, nor does its absence show."""
    await world.service.parts.health.pool.close()
    for path, key in (("/v1/alerts", INSTANCE_KEY), ("/v1/instance/alerts", KEY), ("/v1/feeds", "nonsense")):
        (await world.service.get(path, key=key)).problem(401, "unauthenticated")


def parts() -> Any:
    """As much of the parts as an application that is asked nothing needs."""
    return SimpleNamespace(
        metrics=Metrics(),
        health=None,
        reports=None,
        receipts=None,
        own_receivers=None,
        publisher=None,
        streams=None,
        signer=None,
        pages=None,
        console=None,
        boundaries=None,
        settings=Settings(),
    )


def test_the_application_has_the_routes_of_the_table_and_each_requires_what_it_says() -> None:
    wired = {one.entrance: one.permission for one in wired_routes(application(parts()))}
    assert wired == dict(REQUIRED_BY_ROUTE) | dict.fromkeys(OPEN_ROUTES)


def test_the_port_of_metrics_has_what_the_table_says_and_requires_nothing() -> None:
    wired = list(wired_routes(probe_app(Metrics(), parts().health)))
    assert {one.entrance for one in wired} == METRICS_ROUTES
    assert {one.permission for one in wired} == {None}


def test_a_route_that_was_forgotten_keeps_the_application_from_starting() -> None:
    app = application(parts())
    router = APIRouter(prefix="/v1/forgotten")

    @router.get("")
    async def forgotten() -> None: ...

    app.include_router(router)
    with pytest.raises(TableError, match="GET /v1/forgotten: not in the table"):
        require_table(app)


def test_a_route_without_require_or_with_another_permission_is_noticed() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter(prefix="/v1")

    @router.get("/alerts")
    async def unguarded() -> None: ...

    @router.post("/alerts", dependencies=[Depends(require(Permission.READ_FEEDS))])
    async def misguided() -> None: ...

    async def nested(_: object = Depends(require(Permission.READ_FEEDS))) -> None: ...

    @router.get("/feeds", dependencies=[Depends(nested)])
    async def guarded() -> None: ...

    app.include_router(router)
    assert set(wired_routes(app)) == {
        Wired("GET /v1/alerts", None),
        Wired("POST /v1/alerts", Permission.READ_FEEDS),
        Wired("GET /v1/feeds", Permission.READ_FEEDS),
    }
    with pytest.raises(TableError) as refused:
        require_table(app)
    assert "GET /v1/alerts: requires nothing, by the table alerts.read" in str(refused.value)
    assert "POST /v1/alerts: requires feeds.read, by the table alerts.submit" in str(refused.value)
    assert "GET /v1/instance/alerts: in the table only" in str(refused.value)


async def test_a_permission_that_only_operators_hold_opens_no_route(world: World) -> None:
    """Whatever is shown, and even before anybody thought of a way to show that one is an operator."""
    from starlette.requests import Request

    app = SimpleNamespace(state=SimpleNamespace(dependencies=world.service.parts))
    for caller in CALLERS:
        headers = [(b"authorization", f"Bearer {caller.key}".encode())]
        request = Request({"type": "http", "app": app, "headers": headers})
        with pytest.raises(RequestRefused) as refused:
            await require(Permission.DECIDE_HELD)(request)
        assert refused.value.type is ProblemType.UNAUTHENTICATED
    assert of_operator("anna").may(Permission.DECIDE_HELD)


# live and exercise

CROSSINGS = (
    (KEY, "/exercise/v1/alerts", "keys add --exercise", "live"),
    (EXERCISE_KEY, "/v1/alerts", "/exercise/v1/alerts", "exercise"),
    (EXERCISE_KEY, "/v1/feeds", "/exercise/v1/alerts", "exercise"),
)


@pytest.mark.parametrize(("key", "path", "advice", "environment"), CROSSINGS)
async def test_a_good_key_of_the_other_environment_is_told_so_counted_and_on_the_trail(
    world: World, key: str, path: str, advice: str, environment: str
) -> None:
    for _ in range(3):
        found = (await world.service.get(path, key=key)).problem(403, "wrong-environment")
    assert advice in found["detail"]
    assert advice in found["detail_en"]
    assert refused(world.service) == {("source", "wrong_environment"): 3}
    trail = await world.service.parts.health.pool.fetch(
        "SELECT actor, detail FROM audit WHERE action = 'environment.refuse'"
    )
    assert [(row["actor"], row["detail"]) for row in trail] == [
        ("source:leitstelle", {"credential": environment, "reason": "path"})
    ], "once a minute, whoever has forgotten a script"


async def test_what_is_of_the_other_environment_is_not_there(world: World) -> None:
    service = world.service
    for path, alert_id, key, there in (
        ("/v1/alerts", world.alert_id, KEY, True),
        ("/v1/alerts", world.exercise_id, KEY, False),
        ("/exercise/v1/alerts", world.exercise_id, EXERCISE_KEY, True),
        ("/exercise/v1/alerts", world.alert_id, EXERCISE_KEY, False),
    ):
        listed = [one["id"] for one in (await service.get(path, key=key)).json["alerts"]]
        assert (alert_id in listed) is there
        for below in ("", "/cap", "/ledger"):
            status = (await service.get(f"{path}/{alert_id}{below}", key=key)).status
            assert status == (200 if there else 404), (path, below)


# refused credentials

GOOD_ONCE = {
    "revoked": f"wk_revoked_{SECRET}",
    "expired": f"wk_expired_{SECRET}",
    "disabled": f"wk_disabled_{SECRET}",
}


def refused(service: Service) -> dict[tuple[str, str], int]:
    """How many requests were refused, by kind and reason."""
    return {
        (dict(labels)["kind"], dict(labels)["reason"]): int(value)
        for (name, labels), value in samples(service.parts.metrics).items()
        if name == "warn_credentials_refused_total" and value
    }


async def test_a_refusal_is_counted_at_every_route_by_kind_and_reason(world: World) -> None:
    before = refused(world.service)
    routes = [route for row in GRANTS for route in row.routes]
    of_keys = [route for route in routes if not route.path.startswith("/v1/gateways")]
    of_persons = [
        route for row in GRANTS if set(row.held_by) <= {PrincipalKind.OPERATOR} for route in row.routes
    ]
    not_of_sources = ("/v1/instance", "/v1/operator")
    of_sources = [
        route for route in of_keys if not route.path.startswith(not_of_sources) and route not in of_persons
    ]
    for caller in CALLERS[:7]:
        for route in routes:
            await world.ask(route, caller)
    assert not before, "what is let in is not counted"
    gateways, instances = len(routes) - len(of_keys), len(of_keys) - len(of_sources)
    no_instances = ("/v1/instances/", "/v1/operator/")
    of_others = sum(route.path.startswith(no_instances) or route in of_persons for route in of_keys)
    of_instances = (
        instances - of_others + sum(route.path in ("/v1/feeds", "/v1/feeds/{name}") for route in of_sources)
    )
    assert refused(world.service) == {
        ("none", "missing"): len(of_keys),
        ("none", "unknown"): len(of_keys),
        ("source", "unknown"): len(of_sources),
        ("source", "revoked"): len(of_sources),
        ("source", "expired"): len(of_sources),
        ("source", "disabled"): len(of_sources),
        ("source", "wrong_kind"): 4 * instances,
        ("instance", "unknown"): of_instances,
        ("instance", "wrong_kind"): len(of_keys) - of_instances,
        ("gateway", "missing"): gateways,
        ("gateway", "unknown"): 6 * gateways,
    }


async def test_from_outside_every_refusal_looks_the_same(world: World) -> None:
    """Also which ids there are is not to be learnt."""
    keys = [
        "nonsense",
        f"wk_nobody_{SECRET}",
        f"wk_leitstelle_{'t' * 43}",
        f"wi_dueren_{SECRET}",
        *GOOD_ONCE.values(),
    ]
    answers = [await world.service.get("/v1/alerts", key=key) for key in keys]
    assert (
        len(
            {
                (answer.status, answer.body, tuple(sorted(set(answer.headers) - {"date"})))
                for answer in answers
            }
        )
        == 1
    )
    assert answers[0].status == HTTPStatus.UNAUTHORIZED


async def test_a_key_good_no_longer_is_named_in_the_log_and_a_guess_is_not(
    world: World,
) -> None:
    with structlog.testing.capture_logs() as lines:
        for _ in range(10):
            for name, key in GOOD_ONCE.items():
                await world.service.get("/v1/alerts", key=key)
                await world.service.get("/v1/alerts", key=f"wk_{name}_{'t' * 43}")
            await world.service.get("/v1/alerts", key=f"wk_nobody_{SECRET}")
            await world.service.get("/v1/alerts", key="nonsense")
    said = [line for line in lines if line["event"] == "credential_refused"]
    assert [(line["reason"], line["key"], line["principal"]) for line in said] == [
        ("revoked", "wk_revoked", "source:leitstelle"),
        ("expired", "wk_expired", "source:leitstelle"),
        ("disabled", "wk_disabled", "source:disabled"),
    ]
    assert SECRET not in str(lines)
    assert len(lines) == len(said), "and a stranger fills no log"


async def test_every_series_of_refusals_is_there_from_the_start(world: World) -> None:
    shown = {
        (dict(labels)["kind"], dict(labels)["reason"])
        for (name, labels) in samples(world.service.parts.metrics)
        if name == "warn_credentials_refused_total"
    }
    for kind in ("source", "feed", "instance"):
        assert {(kind, reason) for reason in GOOD_ONCE} <= shown
    assert ("gateway", "expired") in shown


async def test_a_gateways_secret_before_is_counted_when_its_time_is_over(settings: Settings) -> None:
    reports = {"secret": GATEWAY_SECRET, "items": "reports", "previous_secret": "geheimnis-von-gestern"}
    gateways = tuple(
        SmsGatewaySettings.model_validate(
            {"name": name, "url": "https://sms.example", "reports": reports | {"previous_until": until}}
        )
        for name, until in (("new", "2999-01-01T00:00Z"), ("old", "2020-01-01T00:00Z"))
    )
    async with serving(settings.model_copy(update={"sms_gateways": gateways})) as service:
        for name, secret, status in (
            ("new", "geheimnis-von-gestern", 200),
            ("old", "geheimnis-von-gestern", 401),
            ("old", GATEWAY_SECRET, 200),
        ):
            path = f"/v1/gateways/{name}/reports"
            answer = await service.request(
                "POST", path, b'{"reports": []}', key=secret, content_type="application/json"
            )
            assert answer.status == status
        assert refused(service) == {("gateway", "expired"): 1}


async def test_a_use_of_a_key_is_noted_by_the_api(world: World) -> None:
    await world.service.parts.sources.uses.written()
    used = await world.service.parts.health.pool.fetchval(
        "SELECT used_at FROM api_key WHERE id = 'leitstelle'"
    )
    assert used is not None
