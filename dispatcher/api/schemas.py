"""The JSON bodies of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

import cap
from dispatcher.api.openapi import words
from dispatcher.audience.reach import ShownCount
from dispatcher.model.status import OverReason, owed_recipients
from dispatcher.model.vocabulary import Reason
from dispatcher.targeting.outcome import MatchReason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from cap import Finding
    from dispatcher.intake.effects import Behind
    from dispatcher.intake.submission import Accepted, Dropped, Preview
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.model.ledger import ChannelSummary
    from dispatcher.model.sms import Quote
    from dispatcher.model.status import AlertStatus, CountedAlert, Over, RecipientProgress
    from dispatcher.targeting.outcome import Unmatched


class Body(BaseModel):
    """The base of all bodies: frozen, and unknown members are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MunicipalityBody(Body):
    """A municipality that an alert concerns. `share` is the part of its area, 0 to 1."""

    ags: words.Ags
    name: str = Field(description="Name of the municipality.", examples=["Düren"])
    reason: MatchReason = Field(
        description="Why it is concerned: a code names it, a shape touches it, or both.",
        examples=["geometry"],
    )
    share: float = Field(
        ge=0, le=1, description="Part of the municipality's area that is concerned.", examples=[0.125]
    )


class FindingBody(Body):
    """Something to know about the message that did not keep it from being accepted."""

    code: str = Field(description="Stable code of the rule.", examples=["reference-unknown"])
    severity: cap.Level = Field(description="Weight of the finding.", examples=["warning"])
    path: str = Field(
        description="Element of the message, as a path from `/alert`.", examples=["/alert/references"]
    )
    line: int | None = Field(description="Line of the element in the message, where known.", examples=[12])
    message: str = Field(
        description="Sentence for a developer, in English.", examples=["The reference leads nowhere."]
    )
    message_de: str = Field(
        description="The same for the duty officer, in German.", examples=["Der Verweis führt ins Leere."]
    )


class AlertBody(Body):
    """An alert of record. `reason` says why it is sent, or why not."""

    id: words.AlertRef
    sender: words.Sender
    identifier: words.Identifier
    sent: words.Sent
    msg_type: words.MsgType
    status: words.Status
    scope: words.Scope
    event: words.Event
    headline: words.Headline
    severity: words.Severity
    received_at: words.Moment = Field(description="When the message was committed to the record.")
    expires: words.Expires
    lane: words.LaneWord
    reason: words.ReasonWord
    chain: words.Chain
    state: words.State = Field(
        description="accepted: waits for its plan; planned: under way; settled: every recipient accounted for; "
        "recorded: not sent to anybody, see reason; held: waits for a person"
    )
    planned_at: words.Moment | None = Field(description="When its recipients were frozen; null before.")
    settled_at: words.Moment | None = Field(
        description="When every recipient had a final state; null before."
    )
    superseded_by: words.AlertRef | None = Field(description="Alert that has replaced or ended this one.")
    merged_into: words.AlertRef | None = Field(
        description="with the reason `merged`: the equal warning that people are told of"
    )
    audience: int = Field(description="recipients in the frozen audience", examples=[120])


class UnmatchedBody(Body):
    """A code or shape that led to no municipality, although others did."""

    kind: str = Field(description="`polygon`, `circle`, `geocode` or `area`.", examples=["geocode"])
    value: str = Field(description="What led nowhere, shortened.", examples=["AGS=99999999"])
    reason: str = Field(description="Why it led nowhere.", examples=["code not in the boundary data"])
    message: str = Field(
        description="why, and what to give instead", examples=["No municipality has this key."]
    )
    message_de: str = Field(
        description="The same in German.", examples=["Keine Gemeinde hat diesen Schlüssel."]
    )


class ProgressBody(Body):
    """An alert's recipients, each counted once. `accepted` by the gateway, which does not mean delivered."""

    recipients: int = Field(
        description="accepted, waiting and failed together; 0 before the plan, and growing while it is made",
        examples=[120],
    )
    accepted: int = Field(description="gateways took the message for them", examples=[118])
    waiting: int = Field(description="they are still owed the message", examples=[0])
    failed: int = Field(description="nothing more is tried for them", examples=[2])
    gone: int = Field(
        0,
        description="how many of the failed are gone: the subscription has ended, nothing is owed",
        examples=[1],
    )
    first_accepted_at: words.Moment | None = Field(description="When a gateway accepted the first of them.")
    last_accepted_at: words.Moment | None = Field(description="When a gateway accepted the last of them.")


class WaitingBody(Body):
    """Recipients behind one gateway that are still owed the message, for one reason."""

    channel: words.Channel
    gateway: str = Field(
        description="its public name: an origin, or the name in the settings",
        examples=["updates.push.example"],
    )
    reason: str = Field(
        description="`queued` and `in_flight`: no attempt has failed; else the last error's kind, as `transient`, "
        "`uncertain`, `rate_limited`, `down`, `misconfigured`, `breaker`, `crash` or `fault` (in this service: an "
        "exception, whose type is the code). `budget`: no SMS gateway's budget holds them, a person decides. `others`: "
        "the rest of a long list",
        examples=["rate_limited"],
    )
    code: str = Field(description="the last error's code, as an HTTP status; may be empty", examples=["429"])
    recipients: int = Field(description="how many they are", examples=[3])
    next_attempt_at: words.Moment | None = Field(
        description="the earliest; null: as soon as it is their turn"
    )


class FailedBody(Body):
    """Recipients behind one gateway for whom nothing more is tried, for one reason."""

    channel: words.Channel
    gateway: str = Field(description="its public name", examples=["updates.push.example"])
    reason: str = Field(
        description="their final state: `gone`, `rejected`, `expired`, `superseded` or `dead` (given up; it may have "
        "arrived all the same), or `lasting` (rejected: it failed again and again while others were accepted); "
        "`others`: the rest of a long list",
        examples=["gone"],
    )
    code: str = Field(description="the gateway's code of it; may be empty", examples=["410"])
    recipients: int = Field(description="how many they are", examples=[2])


class OverBody(Body):
    """Since when and why an alert is no longer in force."""

    reason: OverReason = Field(
        description="expired: its validity is over; cancelled: a Cancel took it back; ended: an Update ended it; "
        "replaced: a later message says it anew; delisted: its feed stopped listing it"
    )
    by: words.AlertRef | None = Field(description="id of the alert that ended it")
    at: words.Moment = Field(description="since when")


class MergedIntoBody(Body):
    """The equal warning of which people are notified in place of this one. Of another source's only its existence is
    shown: then all members are null.
    """

    id: words.AlertRef | None = Field(None, description="Id of the alert of record.")
    sender: words.Sender | None = Field(None, description="Its CAP `sender`.")
    identifier: words.Identifier | None = Field(None, description="Its CAP `identifier`.")
    sent: words.Sent | None = Field(None, description="Its CAP `sent`.")
    headline: words.Headline | None = Field(None, description="Its headline.")
    progress: ProgressBody | None = Field(
        None,
        description="its recipients in numbers; null, too, where a submission could not wait for the count",
    )


class AcceptedAsBody(Body):
    """The alert that a message was accepted as before."""

    id: words.AlertRef = Field(description="Id of the alert of record.")
    progress: ProgressBody | None = Field(
        description="its recipients in numbers; null where they could not be counted in time, and where it is another "
        "source's",
    )


class OtherAlertBody(Body):
    """Another alert that has to do with this message. Of another source's only its existence is shown: then all
    members are null.
    """

    id: words.AlertRef | None = Field(None, description="Id of the alert of record.")
    sender: words.Sender | None = Field(None, description="Its CAP `sender`.")
    identifier: words.Identifier | None = Field(None, description="Its CAP `identifier`.")
    sent: words.Sent | None = Field(None, description="Its CAP `sent`.")
    headline: words.Headline | None = Field(None, description="Its headline.")


class SentInsteadBody(OtherAlertBody):
    """An equal warning that was merged into what this message replaces or ends, and is sent because of that."""

    elsewhere: bool = Field(
        description="true: only to those whom this message itself does not concern; false: to everybody whom it "
        "concerns, in place of the end",
        examples=[False],
    )


class ToldBody(Body):
    """Who is alarmed by what this message ends, and who hears of the end now."""

    alarmed: int = Field(description="how many are alarmed by what it ends", examples=[18])
    hear: int = Field(description="how many of them hear of the end by this message", examples=[0])
    still_warned_by: list[OtherAlertBody] = Field(
        description="what is in force of the same event, or waits to be sent, and concerns the others: they hear of "
        "the end when that has ended"
    )


class DroppedBody(Body):
    """Whom an Update leaves: they were warned, and are told that it holds for their place no longer."""

    municipalities: list[MunicipalityBody] = Field(
        description="Municipalities of what it replaces that it does not name."
    )
    reach: dict[str, ShownCount] = Field(
        description="those who are told so, by channel. Where the message has a polygon or circle, rounded down to a "
        "multiple of 5, and less than 5 is `< 5`",
        examples=[{"sms": 5}],
    )
    reach_by_municipality: dict[str, dict[str, ShownCount]] = Field(
        description="the same by municipality (AGS)", examples=[{"05358024": {"sms": 5}}]
    )


class AcceptedBody(Body):
    """The promise: committed to the record."""

    alert: AlertBody = Field(description="The alert of record.")
    repeated: bool = Field(
        description="accepted before: this answer is that of the first time", examples=[False]
    )
    sent_to_people: bool = Field(
        description="false: nobody is notified of this message, `alert.reason` says why"
    )
    over: OverBody | None = Field(description="where it was accepted before and has ended since")
    merged_into_alert: MergedIntoBody | None = Field(
        description="with the reason `merged`: the warning that people are told of"
    )
    sent_instead: list[SentInsteadBody] = Field(
        description="equal warnings that are sent now, because this message replaces or ends what stood for them"
    )
    municipalities: list[MunicipalityBody] = Field(description="Municipalities that it concerns, by AGS.")
    unmatched: list[UnmatchedBody] = Field(description="What of its areas led nowhere.")
    notes: list[str] = Field(
        description="what was repaired or looks odd in the areas", examples=[["polygon 1: ring repaired"]]
    )
    notes_de: list[str] = Field(
        description="the same in German, in the same order", examples=[["Polygon 1: Ring berichtigt"]]
    )
    findings: list[FindingBody] = Field(description="What is worth knowing about the message.")


class SmsGatewayBody(Body):
    """What one SMS gateway has to do."""

    gateway: str = Field(description="its name in the settings", examples=["provider"])
    people: int = Field(description="recipients who wait, or would be sent to", examples=[10000])
    parts: int = Field(description="parts of one text", examples=[2])
    before: int = Field(
        description="parts that go out before: of more urgent warnings, and of what came before as urgent as this",
        examples=[0],
    )
    seconds: float | None = Field(
        description="until the last of them is out, by the contract's rate; null: none is declared, or the gateway is "
        "stopped",
        examples=[2000.0],
    )
    price: float | None = Field(description="null: no price is declared", examples=[1500.0])
    currency: str | None = Field(description="ISO 4217", examples=["EUR"])
    over_budget: bool = Field(
        description="its budget does not hold all whom it was to take: `people` are those by it all the same",
        examples=[False],
    )
    parts_used: int = Field(description="parts that it has accepted for this warning", examples=[0])
    stopped_reason: str | None = Field(
        description="why it takes nothing now, as in `waiting`; null: it does", examples=["misconfigured"]
    )
    stopped_since: words.Moment | None = Field(description="since when; null where that is not known")
    stopped_until: words.Moment | None = Field(description="when it is tried again")


class PriceBody(Body):
    """A sum in one currency."""

    currency: str = Field(description="ISO 4217", examples=["EUR"])
    price: float = Field(description="the sum", examples=[1500.0])


class SmsBody(Body):
    """What a warning's SMS cost and how long they take. Gateways work side by side."""

    people: int = Field(
        description="recipients who wait to be sent to, or would be sent to; without those `held`",
        examples=[10000],
    )
    parts: int = Field(description="parts of one text, at most", examples=[2])
    parts_total: int = Field(description="parts of all their texts", examples=[20000])
    seconds: float | None = Field(
        description="until the last of them is out; null where a contract says no rate, or a gateway is stopped",
        examples=[2000.0],
    )
    finishes_at: words.Moment | None = Field(description="when that is")
    price: float | None = Field(
        description="for all of them; null where a price is not declared, or they are in several currencies",
        examples=[1500.0],
    )
    currency: str | None = Field(description="ISO 4217", examples=["EUR"])
    parts_used: int = Field(description="parts that were accepted for this warning so far", examples=[0])
    price_used: float | None = Field(description="what these cost; null as `price`", examples=[0.0])
    prices: list[PriceBody] = Field(
        description="as `price`, for each currency; empty where a price is not declared",
        examples=[[{"currency": "EUR", "price": 1500.0}]],
    )
    prices_used: list[PriceBody] = Field(
        description="as `price_used`, for each currency", examples=[[{"currency": "EUR", "price": 0.0}]]
    )
    held: int = Field(
        description="people whose SMS waits, or would wait, for a person, because no gateway's budget holds it; an "
        "Extreme warning and an end are sent all the same",
        examples=[0],
    )
    gateways: list[SmsGatewayBody] = Field(description="the same by gateway")


class PreviewBody(Body):
    """What submitting would do now. Nothing was stored, nothing will be sent."""

    reason: words.ReasonWord
    repeated: bool = Field(
        description="accepted before: submitting it again answers the same and does nothing, so that `reach` is empty",
        examples=[False],
    )
    accepted_as: AcceptedAsBody | None = Field(description="with `repeated`: what it was accepted as")
    lane: words.LaneWord
    expires: words.Expires
    sent_to_people: bool = Field(
        description="false: nobody would be notified of this message, whatever `municipalities` and `reach` list; "
        "`reason`, or `quota_reached`, says why"
    )
    over: OverBody | None = Field(description="where it was accepted before and has ended since")
    merged_into: MergedIntoBody | None = Field(
        description="the warning in force that says the same: people are notified of that one"
    )
    sent_instead: list[SentInsteadBody] = Field(
        description="equal warnings that would be sent, because this message replaces or ends what stands for them"
    )
    told: ToldBody | None = Field(
        description="of a message that ends a warning: who is alarmed by that, and who hears of the end now; else null"
    )
    no_longer_affected: DroppedBody | None = Field(
        description="of an Update of a warning in force: whom it leaves; they are not in `reach`. Else null"
    )
    quota_reached: bool = Field(
        description="submitting it now would be refused: the source has sent as many warnings as it may in an hour"
    )
    municipalities: list[MunicipalityBody] = Field(description="Municipalities that it concerns, by AGS.")
    unmatched: list[UnmatchedBody] = Field(description="What of its areas led nowhere.")
    notes: list[str] = Field(
        description="what was repaired or looks odd in the areas", examples=[["polygon 1: ring repaired"]]
    )
    notes_de: list[str] = Field(
        description="the same in German, in the same order", examples=[["Polygon 1: Ring berichtigt"]]
    )
    reach: dict[str, ShownCount] = Field(
        description="subscribers by channel, each counted once. Where the message has a polygon or circle, those whom "
        "it reaches by a place of their own are rounded down to a multiple of 5, and less than 5 in all is `< 5`",
        examples=[{"webpush": 120, "sms": "< 5"}],
    )
    reach_by_municipality: dict[str, dict[str, ShownCount]] = Field(
        description="the same by municipality (AGS)", examples=[{"05358008": {"webpush": 120}}]
    )
    population: int | None = Field(
        description="of the municipalities; null where the boundary data lacks it", examples=[93323]
    )
    gaps: list[str] = Field(
        description="channels that nobody in some of the municipalities has subscribed to",
        examples=[["3 von 15 Gemeinden haben keine Abonnenten für sms."]],
    )
    findings: list[FindingBody] = Field(description="What is worth knowing about the message.")
    sms: SmsBody | None = Field(
        description="what its SMS would cost and how long they would take, of the German text and of the people shown "
        "in `reach`; null where there are none, or too few to be told apart"
    )


class ChannelBody(Body):
    """One channel's recipients by state. `accepted` is by the gateway; it does not mean delivered."""

    channel: words.Channel
    kind: words.KindWord
    states: dict[str, int] = Field(
        description="recipients by state: `pending`, `claimed`, `retry`, `accepted`, `delivered`, `displayed`, `gone`, "
        "`rejected`, `expired`, `superseded`, `dead`",
        examples=[{"accepted": 118, "gone": 2}],
    )
    first_accepted_at: words.Moment | None = Field(description="When a gateway accepted the first of them.")
    last_accepted_at: words.Moment | None = Field(description="When a gateway accepted the last of them.")
    reports: dict[str, int] = Field(
        description="recipients by what their gateway reported afterwards, `delivered`, `failed`, or `partial` (some "
        "parts of a text are delivered, of the others nothing is known); beside the states, which do not change by it",
        examples=[{"delivered": 117}],
    )


class StatusBody(Body):
    """How an alert stands."""

    alert: AlertBody = Field(description="The alert of record.")
    progress: ProgressBody = Field(description="its recipients in numbers")
    waiting: list[WaitingBody] = Field(description="who is still owed the message, the largest groups first")
    failed: list[FailedBody] = Field(description="who is not reached, and will not be by this message")
    over: OverBody | None = Field(description="null while it is in force")
    merged_into_alert: MergedIntoBody | None = Field(
        description="with the reason `merged`: the warning that people are told of"
    )
    channels: list[ChannelBody] = Field(description="Its recipients by channel and kind of notice.")
    municipalities: list[MunicipalityBody] = Field(description="Municipalities that it concerns, by AGS.")
    recipients_by_municipality: dict[str, dict[str, int]] = Field(
        description="recipients by municipality (AGS) and state", examples=[{"05358008": {"accepted": 118}}]
    )
    sms: SmsBody | None = Field(
        description="what its SMS have cost, and what those take that wait; null where there are none"
    )


class LedgerLineBody(Body):
    """One recipient's line in the ledger. It has no address."""

    alert_id: words.AlertRef
    kind: words.KindWord
    channel: words.Channel
    gateway: str = Field(description="Gateway that had the message.", examples=["updates.push.example"])
    recipient: int = Field(description="Number of the recipient, the same in every ledger.", examples=[4711])
    ref: str | None = Field(description="Reference at the gateway.", examples=["01-4711"])
    state: str = Field(description="State of the recipient.", examples=["accepted"])
    uncertain: bool = Field(
        description="A request left and no answer was recorded: the person may have been reached all the same.",
        examples=[False],
    )
    report: str | None = Field(
        description="What the gateway reported afterwards: `delivered`, `failed` or `partial`.",
        examples=["delivered"],
    )
    report_code: str | None = Field(description="The gateway's own code of it.", examples=["DELIVRD"])
    reported_at: words.Moment | None = Field(description="When it reported.")
    last_attempt_at: words.Moment | None = Field(description="When an attempt last came to something.")
    reason: str = Field(
        description="The kind of the last error, as `transient` or `permanent`; empty where there was none.",
        examples=["transient"],
    )
    code: str = Field(description="The last error's code: an HTTP status or a name.", examples=["503"])
    handed_over_from: str | None = Field(
        None,
        description="SMS gateway that accepted nothing, so that `gateway` took over.",
        examples=["provider"],
    )


class StaleFeed(Body):
    """A source of which nobody knows what it says now."""

    name: words.FeedName
    since: words.Moment = Field(description="Since when nobody knows.")


class AlertList(Body):
    """Alerts of record, the newest first."""

    alerts: list[AlertBody] = Field(description="The alerts.")
    stale_feeds: list[StaleFeed] = Field(
        default=[],
        description="for app instances: where this is not empty, an empty list of alerts does not mean that there "
        "are no warnings",
    )


class AlertPage(AlertList):
    """A page of a source's own alerts, newest first."""

    next: words.AlertRef | None = Field(
        description="what `before` asks the next page with; null: this is the last one"
    )


class BoundariesBody(Body):
    """The boundary data in use; the attribution must be shown wherever its results are."""

    attribution: str = Field(
        description="Whose data it is, in words that must be shown.", examples=["© BKG (2026) dl-de/by-2-0"]
    )
    vintage: str = Field(description="Date of the boundaries.", examples=["2026-01-01"])
    municipalities: int = Field(description="How many municipalities are held.", examples=[10751])


def alert_body(alert: StoredAlert) -> AlertBody:
    return AlertBody(
        id=alert.id,
        sender=alert.sender,
        identifier=alert.identifier,
        sent=alert.sent,
        msg_type=alert.msg_type,
        status=alert.status,
        scope=alert.scope,
        event=alert.event,
        headline=alert.headline,
        severity=alert.severity,
        received_at=alert.received_at,
        expires=alert.expires,
        lane=alert.lane,
        reason=alert.reason,
        chain=alert.chain_id,
        state=alert.state,
        planned_at=alert.planned_at,
        settled_at=alert.settled_at,
        superseded_by=alert.stopped_by,
        merged_into=alert.merged_into if alert.reason is Reason.MERGED else None,
        audience=alert.audience,
    )


def municipality(place: AffectedMunicipality) -> MunicipalityBody:
    return MunicipalityBody(ags=place.ags, name=place.name, reason=place.reason, share=round(place.share, 4))


def progress_body(progress: RecipientProgress) -> ProgressBody:
    return ProgressBody(
        recipients=progress.recipients,
        accepted=progress.accepted,
        waiting=owed_recipients(progress.waiting),
        failed=owed_recipients(progress.failed),
        gone=progress.gone,
        first_accepted_at=progress.first_accepted_at,
        last_accepted_at=progress.last_accepted_at,
    )


def over_body(over: Over | None) -> OverBody | None:
    return None if over is None else OverBody(reason=over.reason, by=over.by, at=over.at)


def merged_into_body(stands_in: CountedAlert | None, reader: str | None) -> MergedIntoBody | None:
    """Return what the source `reader` may know of the warning that stands in for its own; None: an operator, who may
    know all.
    """
    if stands_in is None:
        return None
    other = stands_in.alert
    if reader not in (None, other.source_id):
        return MergedIntoBody()
    return MergedIntoBody(
        id=other.id,
        sender=other.sender,
        identifier=other.identifier,
        sent=other.sent,
        headline=other.headline,
        progress=progress_body(stands_in.progress) if stands_in.progress else None,
    )


def accepted_as_body(before: CountedAlert | None, reader: str) -> AcceptedAsBody | None:
    """Return what the source `reader` may know of the alert that its message was accepted as: sources may share a CAP
    sender, and then its progress may be another one's.
    """
    if before is None:
        return None
    counted = before.progress if before.alert.source_id == reader else None
    return AcceptedAsBody(id=before.alert.id, progress=progress_body(counted) if counted else None)


def status_body(status: AlertStatus, reader: str | None) -> StatusBody:
    """Return how an alert stands, as the source `reader` may know it, or an operator (None)."""
    return StatusBody(
        alert=alert_body(status.alert),
        progress=progress_body(status.progress),
        waiting=[
            WaitingBody(
                channel=one.channel,
                gateway=one.gateway,
                reason=one.reason,
                code=one.code,
                recipients=one.recipients,
                next_attempt_at=one.next_attempt_at,
            )
            for one in status.progress.waiting
        ],
        failed=[
            FailedBody(
                channel=one.channel,
                gateway=one.gateway,
                reason=one.reason,
                code=one.code,
                recipients=one.recipients,
            )
            for one in status.progress.failed
        ],
        over=over_body(status.over),
        merged_into_alert=merged_into_body(status.merged_into, reader),
        channels=[channel_body(item) for item in status.channels],
        municipalities=[municipality(place) for place in status.municipalities],
        recipients_by_municipality=status.recipients_by_municipality,
        sms=sms_body(status.sms),
    )


def sms_body(quote: Quote | None) -> SmsBody | None:
    if quote is None:
        return None
    price, currency = _one_price(quote.prices)
    price_used, currency_used = _one_price(quote.prices_used)
    return SmsBody(
        people=quote.people,
        parts=quote.parts,
        parts_total=quote.parts_total,
        seconds=quote.seconds,
        finishes_at=quote.finishes_at,
        price=price,
        currency=currency or currency_used,
        parts_used=quote.parts_used,
        price_used=price_used,
        prices=_prices(quote.prices),
        prices_used=_prices(quote.prices_used),
        held=quote.held,
        gateways=[
            SmsGatewayBody(
                gateway=one.gateway,
                people=one.people,
                parts=one.parts,
                before=one.before,
                seconds=one.seconds,
                price=None if one.price is None else float(one.price),
                currency=one.currency or None,
                over_budget=one.over_budget,
                parts_used=one.parts_used,
                stopped_reason=one.stopped.reason if one.stopped else None,
                stopped_since=one.stopped.since if one.stopped else None,
                stopped_until=one.stopped.until if one.stopped else None,
            )
            for one in quote.gateways
        ],
    )


def _prices(prices: Mapping[str, Decimal]) -> list[PriceBody]:
    return [PriceBody(currency=currency, price=float(price)) for currency, price in sorted(prices.items())]


def _one_price(prices: Mapping[str, Decimal]) -> tuple[float | None, str | None]:
    """Return the sum and its currency, where there is one."""
    if len(prices) != 1:
        return None, None
    [(currency, price)] = prices.items()
    return float(price), currency


def accepted_body(accepted: Accepted) -> AcceptedBody:
    return AcceptedBody(
        alert=alert_body(accepted.alert),
        repeated=accepted.repeated,
        sent_to_people=accepted.sent_to_people,
        over=over_body(accepted.over),
        merged_into_alert=merged_into_body(accepted.merged_into, accepted.alert.source_id),
        sent_instead=_sent_instead(accepted.behind, accepted.alert.source_id),
        municipalities=[municipality(place) for place in accepted.affected],
        unmatched=[_unmatched(lost) for lost in accepted.matched.unmatched],
        notes=list(accepted.matched.notes),
        notes_de=list(accepted.matched.notes_de),
        findings=[_finding(finding) for finding in accepted.findings],
    )


def _other(other: StoredAlert, reader: str) -> OtherAlertBody:
    """Return what the source `reader` may know of another alert."""
    return OtherAlertBody(**_named(other, reader))


def _named(other: StoredAlert, reader: str) -> dict[str, Any]:
    if other.source_id != reader:
        return {}
    return {name: getattr(other, name) for name in ("id", "sender", "identifier", "sent", "headline")}


def _sent_instead(behind: Behind, reader: str) -> list[SentInsteadBody]:
    both = ((behind.sent, False), (behind.elsewhere, True))
    return [
        SentInsteadBody(**_named(one, reader), elsewhere=elsewhere)
        for sent, elsewhere in both
        for one in sent
    ]


def _told(preview: Preview, reader: str) -> ToldBody | None:
    if preview.told is None:
        return None
    return ToldBody(
        alarmed=preview.told.alarmed,
        hear=sum(preview.estimate.reach.by_channel.values()),
        still_warned_by=[_other(one, reader) for one in preview.told.still_warned_by],
    )


def _dropped(dropped: Dropped | None) -> DroppedBody | None:
    if dropped is None:
        return None
    return DroppedBody(
        municipalities=[municipality(place) for place in dropped.places],
        reach=dropped.estimate.shown_by_channel(),
        reach_by_municipality=dropped.estimate.shown_by_municipality(),
    )


def _unmatched(lost: Unmatched) -> UnmatchedBody:
    return UnmatchedBody(
        kind=lost.kind, value=lost.value, reason=lost.reason, message=lost.said.en, message_de=lost.said.de
    )


def preview_body(preview: Preview, reader: str) -> PreviewBody:
    """Return what submitting would do, as the source `reader` may know it."""
    return PreviewBody(
        reason=preview.reason,
        repeated=preview.repeated,
        accepted_as=accepted_as_body(preview.accepted_as, reader),
        lane=preview.lane,
        expires=preview.expires,
        sent_to_people=preview.sent_to_people,
        over=over_body(preview.over),
        merged_into=merged_into_body(preview.merged_into, reader),
        sent_instead=_sent_instead(preview.behind, reader),
        told=_told(preview, reader),
        no_longer_affected=_dropped(preview.dropped),
        quota_reached=preview.quota_reached,
        municipalities=[municipality(place) for place in preview.affected],
        unmatched=[_unmatched(lost) for lost in preview.matched.unmatched],
        notes=list(preview.matched.notes),
        notes_de=list(preview.matched.notes_de),
        reach=preview.estimate.shown_by_channel(),
        reach_by_municipality=preview.estimate.shown_by_municipality(),
        population=preview.estimate.population,
        gaps=list(preview.estimate.gaps),
        findings=[_finding(finding) for finding in preview.findings],
        sms=sms_body(preview.sms),
    )


def channel_body(account: ChannelSummary) -> ChannelBody:
    return ChannelBody(
        channel=account.channel,
        kind=account.kind,
        states=account.states,
        first_accepted_at=account.first_at,
        last_accepted_at=account.last_at,
        reports=account.reports,
    )


def _finding(finding: Finding) -> FindingBody:
    return FindingBody(
        code=finding.code,
        severity=str(finding.severity),
        path=finding.path,
        line=finding.line,
        message=finding.message,
        message_de=finding.message_de,
    )
