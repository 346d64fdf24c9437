"""What a provider reports of a message it took: read from its JSON or form, as its operator configures it.

What comes in holds people's numbers. Nothing of it leaves here but our own reference, one of three states, the name of
a part, and a code too short to be somebody's number.

Receipts of another protocol (SMPP) come as the same `DeliveryReport`s and go the same way:

    DeliveryReport(ref, state, code, part, keys)  ->  dispatcher.delivery.reports.DeliveryReports.take(gateway, [...])

`ref` is our own (alert, endpoint) where the receipt brings it back. Where it does not, `ref` is None and `keys` are the
message's id at the gateway in every spelling that is taken for the same (small letters, without leading zeros, decimal
for hexadecimal), the likeliest first; each `SentPart` that was told to `RememberParts` when the gateway named the id
answers to its own `key`. Then the part is the remembered one. The order of reports does not matter, nor do repeats;
`take` returns after the commit, so that what raised may be handed in again.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import parse_qsl

import msgspec

from channels.sms.http.json_path import CODE, look_up, matching

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REPORTS_MAX: Final = 200
"""The most reports in one request. Providers that bundle them send some dozens."""
FIELDS_MAX: Final = 64
"""The most fields of a form or a query that are parsed: a bound for hostile requests."""

DELIVERED: Final = frozenset({"delivered", "delivrd"})
FAILED: Final = frozenset(
    {"failed", "undelivered", "undeliverable", "undeliv", "expired", "rejected", "rejectd", "deleted"}
)
PENDING: Final = frozenset(
    {"pending", "queued", "sent", "buffered", "enroute", "accepted", "acceptd", "unknown"}
)
"""The message states of SMPP 3.4, section 5.2.28, long and short, and what providers call them."""

WHOLE: Final = "*"
"""The part of a report that is about the whole message."""
_PART: Final = re.compile(r"[0-9A-Za-z_.:-]{1,64}")
"""The number of a part, or the provider's id of it."""
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_CLIENT_REF: Final = re.compile(r"([0-9A-Za-z]{1,64})-([0-9]{1,18})")


class Proves(StrEnum):
    """What a report of "delivered" proves that names no part."""

    MESSAGE = "message"
    """All parts are delivered."""
    FIRST_PART = "first_part"
    """The first part is: the gateway asks its centre for a receipt of that one alone (Kannel)."""


class ReportState(StrEnum):
    """What became of a message, as its gateway says."""

    DELIVERED = "delivered"
    FAILED = "failed"
    PENDING = "pending"
    """The gateway knows nothing final yet."""


@dataclass(frozen=True, slots=True)
class ReportFields:
    """Where in a provider's report to look, as in `channels.sms.http.answers.AnswerTable`, and its words for a state.

    What the body lacks is looked for in the request's query.
    """

    items: str = ""
    """The path to a list of reports; empty: the body is one report, or a list of them."""
    client_ref: str = "client_ref"
    status: str = "status"
    error: str = ""
    """The path to the provider's error code."""
    delivered: frozenset[str] = DELIVERED
    """The provider's words for a delivered message, in lower case, as are the two following sets."""
    failed: frozenset[str] = FAILED
    pending: frozenset[str] = PENDING
    part: str = ""
    """The path to what tells the parts of one text apart, its number or the provider's id of it, for providers that
    report each; empty: a report is about the whole message."""
    proves: Proves = Proves.MESSAGE

    def state(self, word: str) -> ReportState | None:
        """Return the state that the provider's word stands for; None for a word that is not configured."""
        word = word.lower()
        for state, words in (
            (ReportState.DELIVERED, self.delivered),
            (ReportState.FAILED, self.failed),
            (ReportState.PENDING, self.pending),
        ):
            if word in words:
                return state
        return None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """One report. Without `ref` or `state` it says nothing that could be understood."""

    ref: tuple[str, int] | None
    """Alert and endpoint, as in the request's client reference."""
    state: ReportState | None
    code: str = ""
    part: str = WHOLE
    """Which part of the text it is about."""
    keys: tuple[str, ...] = ()
    """Without `ref`: the message's id at the gateway, in the spellings to look for."""


class SentPart(NamedTuple):
    """A part of a text that a gateway took under an id of its own, to be found again by its receipt."""

    key: str
    """The id in one spelling; a gateway's keys are its own."""
    ref: tuple[str, int]
    """Alert and endpoint."""
    part: int
    """Its number, from 1."""


class RememberParts(Protocol):
    """Keeps what gateways' ids stand for, in the record, before it returns."""

    async def __call__(self, gateway: str, parts: Sequence[SentPart]) -> None: ...


class UnreadableReport(Exception):
    """The body is no report at all. The message says what is wrong in one word, and nothing of the body."""


def client_ref(alert_id: str, endpoint_id: int) -> str:
    """Return the reference under which a provider knows a message, the same for each repeat."""
    return f"{alert_id}-{endpoint_id}"


def parse_client_ref(text: str) -> tuple[str, int] | None:
    """Return alert and endpoint; None for what is no reference of ours."""
    found = _CLIENT_REF.fullmatch(text)
    return (found[1], int(found[2])) if found else None


def read_reports(
    fields: ReportFields, media_type: str, body: bytes, query: bytes
) -> tuple[DeliveryReport, ...]:
    """Return the reports in a request, in their order. An empty body leaves it to the query.

    Raises `UnreadableReport` for a body that is neither JSON nor a form, or too much of either.
    """
    parameters = form_of(query)
    items = items_of(fields.items, media_type, body) if body else [{}]
    if len(items) > REPORTS_MAX:
        raise UnreadableReport("too_many")
    return tuple(_report(fields, item, parameters) for item in items)


def items_of(path: str, media_type: str, body: bytes) -> list[Any]:
    """Return what is in a body, of which `path` names the list; empty: it is one, or a list of them. Raises
    `UnreadableReport`.
    """
    if media_type == "application/x-www-form-urlencoded":
        return [form_of(body)]
    if media_type != "application/json":
        raise UnreadableReport("media_type")
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):  # without the cause, which may quote the body
        raise UnreadableReport("json") from None
    if path:
        document = look_up(document, path)
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        return [document]
    raise UnreadableReport("shape")


def form_of(content: bytes, most: int = FIELDS_MAX) -> dict[str, str]:
    """Return the fields of a form or a query. Raises `UnreadableReport` for more than `most`."""
    try:
        return dict(parse_qsl(content.decode("utf-8", "replace"), max_num_fields=most))
    except ValueError:
        raise UnreadableReport("form") from None


def _report(fields: ReportFields, item: Any, parameters: Mapping[str, str]) -> DeliveryReport:
    def value(path: str) -> Any:
        # A form's names may have dots in them.
        found = item[path] if isinstance(item, dict) and path in item else look_up(item, path)
        return parameters.get(path) if found is None else found

    reference, status = value(fields.client_ref), value(fields.status)
    state = fields.state(str(status)) if isinstance(status, (str, int)) else None
    return DeliveryReport(
        ref=parse_client_ref(reference) if isinstance(reference, str) else None,
        state=state,
        code=matching(CODE, value(fields.error)),
        part=_part(fields, state, value(fields.part) if fields.part else None),
    )


def _part(fields: ReportFields, state: ReportState | None, found: Any) -> str:
    if named := matching(_PART, found):
        # An id may be somebody's number, where the path is a wrong one.
        return named if _NUMBER.fullmatch(named) else hashlib.sha256(named.encode()).hexdigest()[:16]
    return "1" if fields.proves is Proves.FIRST_PART and state is ReportState.DELIVERED else WHOLE
