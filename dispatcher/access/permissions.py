"""Hold the one table of permissions: what each allows, which kinds of principals hold it, persons by which roles, and
which routes and commands ask for it.

A new permission is a member of `Permission`, a row of `GRANTS`, and the route or command that requires it.
`ops/docs/access.md` and the test of every principal on every route follow from this table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.roles import Explained, Role
from dispatcher.model.vocabulary import API_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping


class Permission(Explained):
    """What a principal can be allowed to do."""

    SUBMIT_ALERTS = (
        "alerts.submit",
        "Submit an alert, which is then sent to people; take it back while it waits for a person.",
    )
    PREVIEW_ALERTS = "alerts.preview", "See what submitting an alert would do, without effect."
    READ_ALERTS = (
        "alerts.read",
        "Follow alerts that one has submitted: state, message, account of each recipient.",
    )
    READ_ANY_ALERT = "alerts.read-any", "Follow any alert, whichever source it came from."
    TAKE_OVER = "shifts.take-over", "Write down that one takes over a desk, and what is open then."
    READ_IN_FORCE = "alerts.read-in-force", "Read the alerts in force at one's own places."
    READ_INSTANCE = (
        "instance.read",
        "Read what the operator has entered of one's own app, and its neighbours.",
    )
    MANAGE_CONSENTS = (
        "consents.manage",
        "Let other apps show the warnings of one's own municipalities, or no more.",
    )
    MANAGE_WEBHOOK = "webhook.manage", "Register, show, rotate, test and remove the webhook of an app."
    MANAGE_SUBSCRIBERS = (
        "subscribers.manage",
        "Enrol, show, test, export and erase the subscribers of one's own app.",
    )
    MANAGE_OWN_SUBSCRIPTION = (
        "subscription.manage-own",
        "Show, prove, test, export and erase what one has subscribed oneself.",
    )
    READ_FEEDS = "feeds.read", "See how the feeds stand, and what nobody could read of them."
    PUSH_MESSAGES = "feeds.push", "Deliver messages into a feed."
    REPORT_DELIVERIES = "deliveries.report", "Report what became of messages that one's gateway took."
    DELIVER_TEXTS = "texts.deliver", "Hand on what people have sent to one's gateway."
    POST_RECEIPTS = "receipts.post", "Post what many devices say of the messages that they got."
    RUN_SERVICE = "service.run", "Run the service's processes on this machine."
    MIGRATE_RECORD = "record.migrate", "Bring the record to this version's schema."
    BACK_UP_RECORD = "record.back-up", "Save the record, with the keys of the service under a passphrase."
    RESTORE_RECORD = "record.restore", "Bring a saved record back, or verify that it could be."
    ENFORCE_RETENTION = (
        "retention.enforce",
        "Take out of the record what is older than the settings allow, or see what it would be.",
    )
    MANAGE_SOURCES = "sources.manage", "Create, change, disable and enable sources, issue their keys."
    READ_INSTANCES = "instances.read", "See which municipalities' apps there are, and how they stand."
    MANAGE_INSTANCES = (
        "instances.manage",
        "Create, change, disable and enable municipalities' apps, issue their keys.",
    )
    MANAGE_OPERATORS = (
        "operators.manage",
        "Let operators away from the machine in: create, disable and enable them.",
    )
    READ_KEYS = (
        "keys.read",
        "See which sources, operators, keys and shared secrets there are, and how they stand.",
    )
    MANAGE_KEYS = (
        "keys.manage",
        "Add, rotate, expire and revoke keys of sources, feeds, instances and operators.",
    )
    MANAGE_SECRETS = "secrets.manage", "Change the secrets that all machines of the service share."
    READ_AUDIT = "audit.read", "Read who did what, verify and export it."
    SIGN_AUDIT = "audit.sign", "Make a checkpoint of the audit trail, or a new key for them."
    IMPORT_SUBSCRIPTIONS = "subscriptions.import", "Add and renew subscriptions from a file."
    EXPORT_SUBSCRIPTIONS = (
        "subscriptions.export",
        "Write all imported subscriptions to a file, with their addresses.",
    )
    COUNT_SUBSCRIPTIONS = "subscriptions.count", "See how many subscriptions there are."
    READ_SUBSCRIBERS = "subscribers.read", "Show and export what is kept of a person who asks for it."
    ERASE_SUBSCRIBERS = "subscribers.erase", "Erase a person who asks for it."
    READ_DEAD_LETTERS = "dead-letters.read", "Read which recipients could not be served, and why."
    REPLAY_DEAD_LETTERS = "dead-letters.replay", "Send again to recipients that could not be served."
    OPERATE_FEEDS = (
        "feeds.operate",
        "Ask, replay and record a feed by hand, discard what nobody can read of it.",
    )
    ISSUE_FEED_KEYS = "feeds.issue-keys", "Issue a key with which a source pushes into its feed."
    READ_GATEWAYS = "gateways.read", "See which SMS gateways there are."
    TEST_GATEWAYS = "gateways.test", "Send an SMS of one's own to see how a gateway answers."
    READ_CANARIES = "canaries.read", "See the service's own endpoints, and how its tests of itself go."
    MANAGE_CANARIES = (
        "canaries.manage",
        "Add and remove the service's own endpoints, and have one tested now.",
    )
    READ_HELD = "held.read", "Read the messages that wait for a person."
    DECIDE_HELD = "held.decide", "Release or discard a message that waits for a person."
    APPROVE_ALERTS = "alerts.approve", "Approve or reject a warning that another person submitted."
    CORRECT_ALERTS = "alerts.correct", "Stop or correct a warning at once, without another person."
    READ_PERSONS = "persons.read", "See which persons there are, their roles, and how they stand."
    MANAGE_PERSONS = (
        "persons.manage",
        "Let persons in, grant and withdraw roles, disable, enable and recover persons.",
    )
    READ_APPROVALS = (
        "approvals.read",
        "Read the warnings that wait for a second person, and which ones do.",
    )
    MANAGE_APPROVAL_POLICY = (
        "approval-policy.manage",
        "Say which warnings wait for a second person, and for how long.",
    )
    READ_TEMPLATES = "templates.read", "Read prepared warnings, and fill them in."
    SAVE_TEMPLATES = "templates.save", "Write a further version of a prepared warning, as a draft."
    APPROVE_TEMPLATES = "templates.approve", "Approve a prepared warning that another person wrote."
    WITHDRAW_TEMPLATES = "templates.withdraw", "Reject or retire a prepared warning."


class Scope(StrEnum):
    """The things on which a principal may use a permission."""

    EVERYTHING = "everything"
    OWN = "own"
    """It may act only on what is its own: its CAP senders, its territory, its alerts, its places, its feed."""
    NOTHING = "nothing"
    """Its credential is of a sort that is let in, but nothing is ever its own there."""


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the API. `foreign` is the status for a principal that asks for what is not its own; None where nothing
    can be foreign.
    """

    method: str
    path: str
    foreign: HTTPStatus | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of the table. `commands` are the words after `dispatcher`. Persons hold it by their `roles`, on their
    territory where that says `OWN`.
    """

    permission: Permission
    held_by: Mapping[PrincipalKind, Scope]
    routes: tuple[Route, ...] = ()
    commands: tuple[str, ...] = ()
    roles: Mapping[Role, Scope] = field(default_factory=lambda: MappingProxyType({}))


_OPERATOR: Final = {PrincipalKind.OPERATOR: Scope.EVERYTHING}
_OPERATORS: Final = {
    PrincipalKind.OPERATOR: Scope.EVERYTHING,
    PrincipalKind.REMOTE_OPERATOR: Scope.EVERYTHING,
}
_NOBODY: Final[Mapping[PrincipalKind, Scope]] = MappingProxyType({})
_MINDED: Final = {Role.OPERATOR: Scope.EVERYTHING}
_SEEN: Final = {Role.OPERATOR: Scope.EVERYTHING, Role.AUDITOR: Scope.EVERYTHING}
_READERS: Final = {
    Role.APPROVER: Scope.EVERYTHING,
    Role.OPERATOR: Scope.EVERYTHING,
    Role.AUDITOR: Scope.EVERYTHING,
}
_ADMINISTERED: Final = {Role.ADMIN: Scope.EVERYTHING}
_SUPERVISED: Final = {Role.ADMIN: Scope.EVERYTHING, Role.AUDITOR: Scope.EVERYTHING}

_SUBSCRIBERS: Final = "/v1/instance/subscribers/{installation}"
_OPERATED: Final = "/v1/operator/instances"
_OPERATED_ONE: Final = f"{_OPERATED}/{{instance_id}}"
_TEMPLATE_VERSION: Final = "/v1/templates/{template_id}/versions/{version}"
_OWN_SUBSCRIPTION: Final = "/v1/instances/{instance_id}/subscribers/{installation}"


def _twins(method: str, below: str, foreign: HTTPStatus | None = None) -> tuple[Route, Route]:
    """Return a route for warnings and its twin for exercises, which takes other credentials."""
    live, exercise = (Route(method, f"{prefix}{below}", foreign) for prefix in API_PREFIX.values())
    return live, exercise


def _in_both(method: str, below: str, foreign: HTTPStatus | None = None) -> tuple[Route, Route]:
    """Return a route of alerts and its twin."""
    return _twins(method, f"/alerts{below}", foreign)


def _of_templates(method: str, below: str) -> tuple[Route, Route]:
    """Return a route of templates and its twin."""
    return _twins(method, f"/templates{below}")


GRANTS: Final = (
    Grant(
        Permission.SUBMIT_ALERTS,
        # A feed's key is a source's without CAP senders: every message is refused for its sender.
        {PrincipalKind.SOURCE: Scope.OWN, PrincipalKind.FEED: Scope.NOTHING},
        (
            *_in_both("POST", "", HTTPStatus.FORBIDDEN),
            # Whether another source has an alert of this id is not to be learnt.
            *_in_both("POST", "/{alert_id}/withdraw", HTTPStatus.NOT_FOUND),
        ),
        roles={Role.AUTHOR: Scope.OWN},
    ),
    Grant(
        Permission.PREVIEW_ALERTS,
        {PrincipalKind.SOURCE: Scope.OWN, PrincipalKind.FEED: Scope.NOTHING},
        _in_both("POST", "/preview", HTTPStatus.FORBIDDEN),
        roles={Role.AUTHOR: Scope.OWN},
    ),
    Grant(
        Permission.READ_ALERTS,
        {PrincipalKind.SOURCE: Scope.OWN, PrincipalKind.FEED: Scope.OWN},
        (
            *_in_both("GET", ""),
            # Whether another source has an alert of this id is not to be learnt.
            *_in_both("GET", "/{alert_id}", HTTPStatus.NOT_FOUND),
            *_in_both("GET", "/{alert_id}/cap", HTTPStatus.NOT_FOUND),
            *_in_both("GET", "/{alert_id}/ledger", HTTPStatus.NOT_FOUND),
            *_in_both("GET", "/{alert_id}/timeline", HTTPStatus.NOT_FOUND),
            *_in_both("GET", "/{alert_id}/coverage", HTTPStatus.NOT_FOUND),
            *_in_both("GET", "/{alert_id}/dead-letters", HTTPStatus.NOT_FOUND),
            *_twins("GET", "/statistics.csv"),
            *_twins("GET", "/shifts"),
        ),
        roles={Role.AUTHOR: Scope.OWN, **_READERS},
    ),
    Grant(
        Permission.TAKE_OVER,
        _NOBODY,
        _twins("POST", "/shifts"),
        # Whoever may do something about what is open: an auditor reads.
        roles=dict.fromkeys((Role.AUTHOR, Role.APPROVER, Role.OPERATOR), Scope.EVERYTHING),
    ),
    Grant(
        Permission.READ_IN_FORCE,
        {PrincipalKind.INSTANCE: Scope.OWN},
        (
            Route("GET", "/v1/instance/alerts"),
            Route("GET", "/v1/instance/alerts/{alert_id}/cap", HTTPStatus.NOT_FOUND),
        ),
    ),
    Grant(
        Permission.MANAGE_WEBHOOK,
        {PrincipalKind.INSTANCE: Scope.OWN, PrincipalKind.OPERATOR: Scope.EVERYTHING},
        (
            Route("PUT", "/v1/instance/webhook"),
            Route("GET", "/v1/instance/webhook"),
            Route("POST", "/v1/instance/webhook/rotate"),
            Route("POST", "/v1/instance/webhook/test"),
            Route("DELETE", "/v1/instance/webhook"),
        ),
        ("webhook set", "webhook show", "webhook rotate", "webhook test", "webhook remove"),
    ),
    Grant(
        Permission.READ_FEEDS,
        {
            PrincipalKind.SOURCE: Scope.EVERYTHING,
            PrincipalKind.FEED: Scope.EVERYTHING,
            PrincipalKind.INSTANCE: Scope.EVERYTHING,
            PrincipalKind.OPERATOR: Scope.EVERYTHING,
        },
        (Route("GET", "/v1/feeds"), Route("GET", "/v1/feeds/{name}")),
        ("feeds list", "feeds aside"),
        roles={Role.AUTHOR: Scope.EVERYTHING, **_READERS},
    ),
    Grant(
        Permission.PUSH_MESSAGES,
        {PrincipalKind.FEED: Scope.OWN, PrincipalKind.SOURCE: Scope.NOTHING},
        (Route("POST", "/v1/feeds/{name}/messages", HTTPStatus.FORBIDDEN),),
    ),
    Grant(
        Permission.REPORT_DELIVERIES,
        {PrincipalKind.GATEWAY: Scope.OWN},
        (
            # Each gateway has a secret of its own, and another's is just a wrong one.
            Route("GET", "/v1/gateways/{gateway}/reports", HTTPStatus.UNAUTHORIZED),
            Route("POST", "/v1/gateways/{gateway}/reports", HTTPStatus.UNAUTHORIZED),
        ),
    ),
    Grant(
        Permission.DELIVER_TEXTS,
        {PrincipalKind.GATEWAY: Scope.OWN},
        (
            Route("GET", "/v1/gateways/{gateway}/inbound", HTTPStatus.UNAUTHORIZED),
            Route("POST", "/v1/gateways/{gateway}/inbound", HTTPStatus.UNAUTHORIZED),
        ),
    ),
    Grant(
        Permission.MANAGE_SUBSCRIBERS,
        {PrincipalKind.INSTANCE: Scope.OWN},
        (
            Route("PUT", _SUBSCRIBERS),
            Route("GET", _SUBSCRIBERS, HTTPStatus.NOT_FOUND),
            Route("POST", f"{_SUBSCRIBERS}/proof", HTTPStatus.NOT_FOUND),
            Route("POST", f"{_SUBSCRIBERS}/code", HTTPStatus.NOT_FOUND),
            Route("POST", f"{_SUBSCRIBERS}/test", HTTPStatus.NOT_FOUND),
            Route("GET", f"{_SUBSCRIBERS}/export", HTTPStatus.NOT_FOUND),
            # Where there is none, nothing happens: another app's has the same id and is another one.
            Route("DELETE", _SUBSCRIBERS),
        ),
    ),
    Grant(
        Permission.MANAGE_OWN_SUBSCRIPTION,
        # Another's token is just a wrong one.
        {PrincipalKind.SUBSCRIBER: Scope.OWN},
        (
            Route("GET", _OWN_SUBSCRIPTION, HTTPStatus.UNAUTHORIZED),
            Route("POST", f"{_OWN_SUBSCRIPTION}/proof", HTTPStatus.UNAUTHORIZED),
            Route("POST", f"{_OWN_SUBSCRIPTION}/code", HTTPStatus.UNAUTHORIZED),
            Route("POST", f"{_OWN_SUBSCRIPTION}/test", HTTPStatus.UNAUTHORIZED),
            Route("GET", f"{_OWN_SUBSCRIPTION}/export", HTTPStatus.UNAUTHORIZED),
            Route("DELETE", _OWN_SUBSCRIPTION, HTTPStatus.UNAUTHORIZED),
        ),
    ),
    Grant(
        Permission.READ_INSTANCE,
        {PrincipalKind.INSTANCE: Scope.OWN},
        (Route("GET", "/v1/instance"),),
    ),
    Grant(
        Permission.MANAGE_CONSENTS,
        {PrincipalKind.INSTANCE: Scope.OWN, PrincipalKind.OPERATOR: Scope.EVERYTHING},
        (
            Route("PUT", "/v1/instance/consents/{instance_id}"),
            Route("DELETE", "/v1/instance/consents/{instance_id}"),
        ),
        ("instance consent",),
    ),
    # The token of a receipt is the proof, whoever posts it: that a list needs a key bounds who may post so many.
    Grant(
        Permission.POST_RECEIPTS,
        {PrincipalKind.INSTANCE: Scope.EVERYTHING},
        (Route("POST", "/v1/instance/receipts"),),
    ),
    Grant(
        Permission.READ_ANY_ALERT,
        _OPERATOR,
        # What the audit trail says of an alert is nothing for the key of a source.
        (*_twins("GET", "/log"), *_in_both("GET", "/{alert_id}/log")),
        commands=("alerts show",),
        roles=_READERS,
    ),
    Grant(
        Permission.RUN_SERVICE,
        _OPERATOR,
        commands=("up", "api", "worker", "reading", "citizens", "doctor", "record locks"),
    ),
    Grant(Permission.MIGRATE_RECORD, _OPERATOR, commands=("migrate",)),
    Grant(Permission.BACK_UP_RECORD, _OPERATOR, commands=("backup",)),
    Grant(Permission.RESTORE_RECORD, _OPERATOR, commands=("restore",)),
    Grant(Permission.ENFORCE_RETENTION, _OPERATOR, commands=("retention",)),
    Grant(
        Permission.MANAGE_SOURCES,
        _OPERATOR,
        commands=("source add", "source change", "source disable", "source enable"),
        roles=_ADMINISTERED,
    ),
    Grant(
        Permission.READ_INSTANCES,
        _OPERATORS,
        (Route("GET", _OPERATED), Route("GET", _OPERATED_ONE), Route("GET", f"{_OPERATED_ONE}/webhook")),
        ("instance list", "instance show"),
        roles=_SEEN,
    ),
    Grant(
        Permission.MANAGE_INSTANCES,
        _OPERATORS,
        (
            Route("POST", _OPERATED),
            Route("PATCH", _OPERATED_ONE),
            Route("POST", f"{_OPERATED_ONE}/rotate"),
            Route("POST", f"{_OPERATED_ONE}/disable"),
            Route("POST", f"{_OPERATED_ONE}/enable"),
            Route("PUT", f"{_OPERATED_ONE}/credentials/{{channel}}"),
            Route("PUT", f"{_OPERATED_ONE}/consents/{{other_id}}"),
            Route("DELETE", f"{_OPERATED_ONE}/consents/{{other_id}}"),
            Route("PUT", f"{_OPERATED_ONE}/webhook"),
            Route("POST", f"{_OPERATED_ONE}/webhook/rotate"),
            Route("POST", f"{_OPERATED_ONE}/webhook/test"),
            Route("DELETE", f"{_OPERATED_ONE}/webhook"),
        ),
        (
            "instance add",
            "instance change",
            "instance rotate",
            "instance credential",
            "instance disable",
            "instance enable",
            "webhook sandbox",
        ),
        roles=_MINDED,
    ),
    Grant(
        Permission.MANAGE_OPERATORS,
        _OPERATOR,
        commands=("operator add", "operator disable", "operator enable"),
        roles=_ADMINISTERED,
    ),
    Grant(
        Permission.READ_KEYS,
        _OPERATOR,
        commands=(
            "source list",
            "source show",
            "operator list",
            "keys list",
            "secrets show",
            "signing show",
        ),
        roles=_SUPERVISED,
    ),
    Grant(
        Permission.MANAGE_KEYS,
        _OPERATOR,
        commands=("keys add", "keys rotate", "keys expire", "keys revoke"),
        roles=_ADMINISTERED,
    ),
    Grant(
        Permission.MANAGE_SECRETS,
        _OPERATOR,
        commands=(
            "secrets init",
            "secrets adopt",
            "secrets replace",
            "secrets rotate",
            "secrets drop",
            "signing rotate",
            "signing revoke",
        ),
        roles=_ADMINISTERED,
    ),
    Grant(
        Permission.READ_AUDIT,
        _OPERATOR,
        commands=("audit list", "audit verify", "audit export", "audit keys"),
        roles={Role.AUDITOR: Scope.EVERYTHING},
    ),
    Grant(Permission.SIGN_AUDIT, _OPERATOR, commands=("audit checkpoint",)),
    Grant(Permission.IMPORT_SUBSCRIPTIONS, _OPERATOR, commands=("subscriptions import",)),
    Grant(Permission.EXPORT_SUBSCRIPTIONS, _OPERATOR, commands=("subscriptions export",)),
    Grant(Permission.COUNT_SUBSCRIPTIONS, _OPERATOR, commands=("subscriptions count",), roles=_SEEN),
    Grant(Permission.READ_SUBSCRIBERS, _OPERATOR, commands=("subscribers show", "subscribers export")),
    Grant(Permission.ERASE_SUBSCRIBERS, _OPERATOR, commands=("subscribers leave",)),
    Grant(
        Permission.READ_DEAD_LETTERS,
        _OPERATOR,
        commands=("dead-letters list", "dead-letters show"),
        roles=_SEEN,
    ),
    Grant(
        Permission.REPLAY_DEAD_LETTERS,
        _OPERATOR,
        (Route("POST", "/v1/alerts/{alert_id}/replay"),),
        commands=("dead-letters replay",),
        roles=_MINDED,
    ),
    Grant(
        Permission.OPERATE_FEEDS,
        _OPERATOR,
        commands=("feeds poll", "feeds replay", "feeds record", "feeds discard"),
        roles=_MINDED,
    ),
    Grant(Permission.ISSUE_FEED_KEYS, _OPERATOR, commands=("feeds key",), roles=_ADMINISTERED),
    Grant(Permission.READ_GATEWAYS, _OPERATOR, commands=("gateway list",), roles=_SEEN),
    Grant(Permission.TEST_GATEWAYS, _OPERATOR, commands=("gateway test",), roles=_MINDED),
    Grant(Permission.READ_CANARIES, _OPERATOR, commands=("canary list",), roles=_SEEN),
    Grant(
        Permission.MANAGE_CANARIES,
        _OPERATOR,
        commands=("canary add", "canary test", "canary remove"),
        roles=_MINDED,
    ),
    Grant(
        Permission.READ_HELD,
        _OPERATOR,
        (Route("GET", "/v1/held"), Route("GET", "/v1/held/{alert_id}")),
        commands=("held list", "held show"),
        roles=_READERS,
    ),
    Grant(
        Permission.DECIDE_HELD,
        _OPERATOR,
        (Route("POST", "/v1/held/{alert_id}/release"), Route("POST", "/v1/held/{alert_id}/discard")),
        commands=("held release", "held discard", "held sms"),
        roles=_MINDED,
    ),
    Grant(
        Permission.APPROVE_ALERTS,
        _NOBODY,
        (
            Route("POST", "/v1/approvals/{alert_id}/approve", HTTPStatus.FORBIDDEN),
            Route("POST", "/v1/approvals/{alert_id}/reject", HTTPStatus.FORBIDDEN),
        ),
        roles={Role.APPROVER: Scope.OWN},
    ),
    Grant(
        Permission.CORRECT_ALERTS,
        {PrincipalKind.SOURCE: Scope.OWN},
        # Whether another source has an alert of this id is not to be learnt.
        _in_both("POST", "/{alert_id}/correct", HTTPStatus.NOT_FOUND),
        roles={Role.APPROVER: Scope.OWN},
    ),
    Grant(
        Permission.READ_PERSONS,
        _OPERATOR,
        commands=("person list", "person show", "person on-duty", "person endpoint list"),
        roles=_SUPERVISED,
    ),
    Grant(
        Permission.MANAGE_PERSONS,
        _OPERATOR,
        commands=(
            "person add",
            "person change",
            "person grant",
            "person withdraw",
            "person disable",
            "person enable",
            "person invite",
            "person recover",
            "person endpoint add",
            "person endpoint confirm",
            "person endpoint remove",
            "person endpoint test",
            "person link",
            "person unlink",
        ),
        roles=_ADMINISTERED,
    ),
    Grant(
        Permission.READ_APPROVALS,
        _OPERATOR,
        (Route("GET", "/v1/approvals"), Route("GET", "/v1/approvals/{alert_id}")),
        commands=("approval list", "approval show", "approval policy show"),
        roles=_READERS,
    ),
    Grant(
        Permission.MANAGE_APPROVAL_POLICY,
        _OPERATOR,
        commands=("approval policy set", "approval policy drop"),
        roles=_ADMINISTERED,
    ),
    Grant(
        Permission.READ_TEMPLATES,
        {PrincipalKind.SOURCE: Scope.EVERYTHING, **_OPERATOR},
        (
            *_of_templates("GET", ""),
            *_of_templates("GET", "/{template_id}"),
            *_of_templates("POST", "/{template_id}/fill"),
        ),
        ("template list", "template show"),
        roles={Role.AUTHOR: Scope.EVERYTHING, **_READERS},
    ),
    Grant(
        Permission.SAVE_TEMPLATES,
        # The municipalities that it presets are its own.
        {PrincipalKind.SOURCE: Scope.OWN, **_OPERATOR},
        (Route("POST", "/v1/templates"), Route("POST", "/v1/templates/check")),
        ("template save",),
        roles={Role.AUTHOR: Scope.OWN},
    ),
    Grant(
        Permission.APPROVE_TEMPLATES,
        _NOBODY,
        (Route("POST", f"{_TEMPLATE_VERSION}/approve"),),
        roles={Role.APPROVER: Scope.OWN},
    ),
    Grant(
        Permission.WITHDRAW_TEMPLATES,
        _OPERATOR,
        (Route("POST", f"{_TEMPLATE_VERSION}/reject"), Route("POST", f"{_TEMPLATE_VERSION}/retire")),
        ("template reject", "template retire"),
        roles={Role.APPROVER: Scope.OWN},
    ),
)

GRANT_OF: Final[Mapping[Permission, Grant]] = MappingProxyType({grant.permission: grant for grant in GRANTS})


def permissions_of(kind: PrincipalKind) -> frozenset[Permission]:
    """Return everything that principals of this kind hold, on whatever."""
    return frozenset(grant.permission for grant in GRANTS if kind in grant.held_by)


def holders_of(permission: Permission) -> frozenset[PrincipalKind]:
    """Return the kinds of principals that hold the permission; none where the table lacks it."""
    grant = GRANT_OF.get(permission)
    return frozenset(grant.held_by) if grant else frozenset()


def permissions_of_role(role: Role) -> frozenset[Permission]:
    """Return everything that a role gives, on whatever."""
    return frozenset(grant.permission for grant in GRANTS if role in grant.roles)


def roles_with(permission: Permission) -> frozenset[Role]:
    """Return the roles that give the permission; none where the table lacks it."""
    grant = GRANT_OF.get(permission)
    return frozenset(grant.roles) if grant else frozenset()
