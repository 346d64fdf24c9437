"""Writes the page of Web Push, with the tables of the push services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.webpush.services.answers import ACCEPTANCES, Place
from channels.webpush.services.directory import SERVICES

if TYPE_CHECKING:
    from channels.webpush.services.answers import Hint, Row
    from channels.webpush.services.push_service import PushService

HEAD = """# Web Push

Browsers, and apps by way of UnifiedPush: RFC 8030 (push), 8188 and 8291 (encryption), 8292 (VAPID). The tables below
are those that the service goes by, in `channels/webpush/services/`; this page is made from them by
`python -m ops.reference`.

## Who may be subscribed

Endpoints at the push services of the browsers (Mozilla's is that of Sunup, too), at `ntfy.sh`, and at the hosts in
`WARN_PUSH_HOSTS`: servers of UnifiedPush, which anybody may run. `push.example.org` admits a host, `.example.org` all
hosts below one, `*` every public host; `ntfy=` or `nextpush=` before it says by which table its answers are judged,
else by that of *any other server*. At a host that `*` alone admits 20 requests are in flight at most
([why](decisions/0099-who-is-away-is-waited-for.md)). Whatever is admitted, a server in a private net, or one without
TLS, is contacted only where `WARN_ALLOWED_ORIGINS` says `push=` before its origin: `push=http://10.0.0.5:8080`, which
admits its endpoints too. An exemption without `push=` is not for push.

## What is sent

- **TTL**: what is left until the warning ends; never 0, at most 28 days. Where the service raises a shorter one to a
  minimum of its own (Mozilla's bridge to Android: 60 s), that minimum: a message may then be shown so much later than
  the warning's end, and the document says until when it holds.
- **Topic**: 32 characters of base64url, equal for all messages of one chain. A push service that has not delivered a
  warning yet replaces it by the update or the all-clear.
- **Urgency**: `high`, for routine warnings `normal`.
- **Authorization**: VAPID, with the key that the subscription was made with.

## The subject

`WARN_VAPID_SUBJECT` says how a push service reaches the operator. One that cannot be true (`localhost`, an address, a
reserved domain such as `.invalid` or `example.org`) is refused at the start: Apple answers 403 `BadJwtToken` to every
message of such a service, Google and Mozilla do not look. Where none is set the service starts with a placeholder, says
so in each worker's log (`vapid_subject_unset`), and **reaches no iPhone**.

## The VAPID key, and those before it

A subscription is made with one public key and takes messages signed with that key alone. `dispatcher secrets replace
vapid` makes a new key and keeps the one before beside it in `keys/`, and each message is signed with the key of its
subscription: nobody is lost. Copy `keys/` to the other machines, as [several machines](several-machines.md) says.
Where the keys come from settings, put those before into `WARN_VAPID_PREVIOUS_PEM`.

- A subscription that is imported has the key in `keys.vapid` (the `applicationServerKey` that the browser subscribed
  with), or, where the line does not say, the one of the service at that moment. What is there already keeps its own.
- Where it is not known, as of what was imported before keys were kept, the service's first key is tried, and where that
  is refused (401, 403) at once the others, each once. What was accepted is noted with the subscription.
- A refusal of a key that is not the current one is about that subscription alone (`unauthorized`): it stops no gateway.
- `GET /v1/webpush/key` gives the key that was the current one when that API process began, as long as it runs. A worker
  that meets a subscription with a key made since looks for it at once, without a restart, in `keys/` or in the file
  that `WARN_VAPID_KEY` names. So nobody is lost meanwhile: make the key, bring it to all machines, and then start the
  API again. `WARN_VAPID_PEM` is not read again: start workers before the API. A worker that does not have the key is
  refused for that subscription alone, which is tried again.
- Apps should subscribe browsers anew when the key changes; then no message needs the old one, and its file can go.

## Withdrawing what was not delivered

When a warning ends, its all-clear has the warning's topic and takes its place at the push service. Where it could not
be handed over, the warning would still be shown to whoever comes online later: so, when the end is settled, that
message is deleted (`DELETE` of its `Location`, RFC 8030 section 6.2), at services of which it is known that they do
that. Only there: at Mozilla the `Location` of a message with a topic names whatever has that topic *now*
(autopush-rs, `autoendpoint/src/extractors/message_id.rs`, read 2026-11-28), and a `DELETE` after an all-clear would
delete that one. For the same reason nothing is deleted where the chain has gone
on, or where the all-clear may have arrived.

A `Location` is kept with the alert until that expires, as it came, in HPACK's code, and believed only below the
endpoint's own origin, up to 1 KiB. Deletions wait for every delivery, eight at a time, 5 s each, once;
`warn_messages_withdrawn_total` counts what became of them. What a worker loses that dies within a second after an
answer cannot be taken back.

## What answers mean

The first row that fits counts; what is in no row means what RFC 9110 and 8030 say: 2xx accepted, 404 and 410 gone, 401
and 403 misconfigured, 408 and 5xx transient, 429 and 503 with `Retry-After` rate limited, other 3xx and 4xx rejected.
*absent* is tried until the warning ends, four minutes apart at most: the device is off, and nobody keeps the message
for it. Its subscription ends where that was so at three warnings over two weeks; of who failed otherwise, all the while
that others were accepted, at three over a day, unless the fault is ours, as where a key is missing, or an app's own key
is refused. *gone* ends a subscription, unless too many of a batch are called so. *unauthorized*, *transient* and
*rejected* are about one endpoint, and what such an answer says in `Retry-After` pauses nobody else; *misconfigured* and
*rate limited* are about all of us. Rows marked (?) were seen by others; the service itself does not say so, or we could
not read it.
"""


def push_services_page() -> str:
    """Return the page."""
    return "\n".join([HEAD, *map(_section, SERVICES.values())])


def _section(service: PushService) -> str:
    hosts = ", ".join(f"`{host}`" for host in service.hosts) or "the hosts that the settings name so"
    withdraws = "; withdraws messages" if service.withdraws else ""
    facts = f"`{service.name}`: {hosts}. TTL {service.ttl_min_s} s at least{withdraws}."
    rows = [_line(row) for row in service.table]
    return "\n".join(
        [
            f"### {service.title}\n",
            facts,
            "",
            "| status | and | means | | read |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _line(row: Row) -> str:
    status = {ACCEPTANCES: "2xx", 0: "4xx, 5xx"}.get(row.status, str(row.status))
    mark = "" if row.source.verified else " (?)"
    source = f"[{row.source.title}]({row.source.url}), {row.source.date}{mark}"
    return f"| {status} | {_said(row.hint)} | {row.meaning.replace('_', ' ')} | {row.note} | {source} |"


def _said(hint: Hint) -> str:
    if hint.place is Place.STATUS:
        return ""
    if hint.place is Place.TEXT:
        return f"“{hint.name}”"
    return f"`{hint.name}: {hint.value}`" if hint.place is Place.HEADER else f"`{hint.name}` {hint.value}"
