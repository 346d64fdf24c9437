"""Say in words what the service answered: pure, from its JSON to lines of text. Members that an older service does not
send are missed by nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cap.formats.rendering import reference_text
from cap.model import Reference
from dispatcher.commands.terminal import columns
from dispatcher.desk_texts.catalogue import DeskLanguage
from dispatcher.desk_texts.owed import channel_word, failed_lines, waiting_lines
from dispatcher.desk_texts.reasons import why_said
from dispatcher.desk_texts.sms import sms_preview_lines, sms_status_lines
from dispatcher.model.problems import ProblemType
from dispatcher.model.reports import ReceiptState
from dispatcher.model.vocabulary import DISPATCHED, DRILLS, ENDING_REASONS, ENDS, SENT, Reason, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dispatcher.commands.desk.service import ServiceRefused, Unanswered
    from dispatcher.desk_texts.desk import Desk

_WAITING: Final = {State.PENDING, State.CLAIMED, State.RETRY}
_REACHED: Final = {State.ACCEPTED, State.DELIVERED, State.DISPLAYED}
HEADLINE_SHOWN: Final = 120
"""How many characters of a headline stand in a table: a hundred thousand would push the others off the screen."""
SMALL_SHARE: Final = 0.01
"""Below it a share is written as less than one percent: `0 %` beside a place that is warned would deny it."""


def accepted_lines(answer: Mapping[str, Any], desk: Desk) -> list[str]:
    """Say what was accepted, what becomes of it, and whom it concerns; first of all the alert's id, and loudly where
    nobody is told of it.
    """
    alert = answer["alert"]
    reason = _decided_as(alert["reason"], answer, desk)
    key = "accepted_before" if answer["repeated"] else "accepted"
    if not is_sent_to_people(alert["reason"], answer):
        key = "accepted_loudly"
    lines = [f"{alert['id']} {desk.line(key, reason=reason)}", _headline(alert, desk)]
    lines += outcome_lines(alert["reason"], answer, answer.get("merged_into_alert"), desk)
    if answer.get("second_person"):
        from dispatcher.desk_texts.approval_ahead import second_person_lines  # few messages wait

        lines += second_person_lines(answer["second_person"], desk)
    lines += _withdrawn_lines(("withdrawn", "withdrawn_replaced"), alert["reason"], answer, desk)
    lines += _place_lines(answer["municipalities"], {}, desk)
    return [*lines, desk.line("follow", id=alert["id"])]


def _decided_as(reason: str, answer: Mapping[str, Any], desk: Desk) -> str:
    """Return the word for what was decided: where an end has withdrawn what waited, there was something to end."""
    if reason == Reason.NOTHING_TO_END and answer.get("withdrawn"):
        return desk.line("withdrawn_before")
    return desk.texts.reasons.get(reason, reason)  # type: ignore[call-overload,no-any-return]  # as below


def _withdrawn_lines(keys: tuple[str, str], reason: str, answer: Mapping[str, Any], desk: Desk) -> list[str]:
    """Say of each message that still waited for a person that it is sent no more: because of an end, or of a change.
    Another source's is not shown.
    """
    key = keys[0] if reason in ENDS | {Reason.NOTHING_TO_END} else keys[1]
    named = (
        f"„{one['headline']}“ ({one['id']})" if one["id"] else desk.line("another_message")
        for one in answer.get("withdrawn", ())
    )
    return [desk.line(key, name=name) for name in named]


def is_sent_to_people(reason: str, answer: Mapping[str, Any]) -> bool:
    """Whether people are notified of the message: what the service says, or an older one's reason."""
    return bool(answer.get("sent_to_people", reason in DISPATCHED))


def preview_lines(answer: Mapping[str, Any], desk: Desk) -> list[str]:
    """Say what submitting would do; of what was accepted before, what became of it."""
    reason = _decided_as(answer["reason"], answer, desk)
    if answer["repeated"]:
        return _repeated_lines(answer, reason, desk)
    lines = [desk.line("preview", reason=f"{reason}{_until(answer, desk)}")]
    alarms = _would_alarm(answer)
    if alarms:
        lines.append(desk.line("lane", lane=desk.texts.lanes.get(answer["lane"], answer["lane"])))
    if answer.get("quota_reached"):
        lines.append(desk.line("quota_reached"))
    lines += _fate_lines(answer, desk, alarms=alarms)
    reach = answer["reach"]
    if alarms:
        lines += _alarmed_lines(answer, desk)
    elif answer["reason"] in DRILLS:
        lines.append(desk.line("drill_for", counts=counts(reach, desk)))
    elif answer["municipalities"]:
        lines.append(desk.line("not_alarmed"))
    lines += _place_lines(answer["municipalities"], answer["reach_by_municipality"] if alarms else None, desk)
    if alarms:
        lines.append(desk.line("all_told", counts=counts(reach, desk)))
        lines += sms_preview_lines(answer.get("sms"), desk)
    return [*lines, *_dropped_lines(answer.get("no_longer_affected"), desk)] if alarms else lines


def _fate_lines(answer: Mapping[str, Any], desk: Desk, *, alarms: bool) -> list[str]:
    """Say whom the message would wait for, or else whether anybody is told of it; and what that waits it would end."""
    if alarms and answer.get("approval"):
        from dispatcher.desk_texts.approval_ahead import approval_lines  # few messages wait

        # What comes behind these lines is said of the approved message.
        lines = [*approval_lines(answer["approval"], desk), desk.line("if_approved")]
    else:
        lines = outcome_lines(answer["reason"], answer, answer.get("merged_into"), desk)
    return lines + _withdrawn_lines(("would_withdraw", "would_replace"), answer["reason"], answer, desk)


def _would_alarm(answer: Mapping[str, Any]) -> bool:
    """Whether people would be alarmed by the message, at once or when a second person has approved it."""
    if answer.get("approval"):
        return not answer.get("quota_reached")
    return answer["reason"] in DISPATCHED and is_sent_to_people(answer["reason"], answer)


def _alarmed_lines(answer: Mapping[str, Any], desk: Desk) -> list[str]:
    """Say what is not to be seen from the places and the counts of what would be sent."""
    if answer["reason"] in ENDING_REASONS:
        return _told_lines(answer, desk)
    return [desk.line("nobody_subscribed")] if answer["reach"] == {} else []


def _told_lines(answer: Mapping[str, Any], desk: Desk) -> list[str]:
    """Say who of the warned hears of an end not yet, and because of what; that nobody had been warned only where the
    service says so.
    """
    told = answer.get("told")
    if told is None:
        return [desk.line("nobody_hears")] if answer["reach"] == {} else []
    if not told["alarmed"]:
        return [desk.line("nobody_told")]
    left = told["alarmed"] - told["hear"]
    if not left:
        return []
    others = told["still_warned_by"]
    names = [f"„{one['headline']}“ ({one['id']})" for one in others if one["id"]]
    if len(names) < len(others) or not names:
        names.append(desk.line("another_message"))
    return [desk.line("still_warned", count=left, names=", ".join(names))]


def _dropped_lines(dropped: Mapping[str, Any] | None, desk: Desk) -> list[str]:
    """Say whom an Update leaves, apart from whom it reaches."""
    if not dropped or not (dropped["municipalities"] or dropped["reach"]):
        return []
    lines = [desk.line("dropped", counts=counts(dropped["reach"], desk))]
    return lines + _place_lines(dropped["municipalities"], dropped["reach_by_municipality"], desk)


def _repeated_lines(answer: Mapping[str, Any], reason: str, desk: Desk) -> list[str]:
    """Say as what the message was accepted and whom it reached: those whom it would reach now are not counted."""
    lines = [desk.line("preview_repeated", reason=f"{reason}{_until(answer, desk)}")]
    # An older service does not say as which.
    before = answer.get("accepted_as") or {}
    key = "already_sent" if is_sent_to_people(answer["reason"], answer) else "already_accepted"
    number = desk.line("as_number", id=before["id"]) if before else ""
    lines.append(desk.line(key, number=number, reason=reason))
    if key == "already_sent" and before.get("progress"):
        lines.append(progress_line(before["progress"], desk))
    lines += outcome_lines(answer["reason"], answer, answer.get("merged_into"), desk)
    return [*lines, *_place_lines(answer["municipalities"], None, desk)]


def outcome_lines(
    reason: str, answer: Mapping[str, Any], merged_into: Mapping[str, Any] | None, desk: Desk
) -> list[str]:
    """Say who is told of a message, or that nobody is and why; and if it has ended since, by what."""
    lines = []
    if over := answer.get("over"):
        lines.append(over_line(over, desk))
    elif merged_into is not None:
        lines += merged_lines(merged_into, desk)
    elif reason == "merged":
        lines.append(desk.line("merged_unknown", id=_named(answer.get("alert", {}).get("merged_into"))))
    elif reason not in DISPATCHED:
        why = desk.texts.unsent.get(reason, reason)  # type: ignore[call-overload]  # a word that only a newer service has
        lines.append(desk.line("nobody_would", why=why))
    return lines


def over_line(over: Mapping[str, Any], desk: Desk) -> str:
    sentence = desk.texts.over.get(over["reason"], desk.texts.over["replaced"])
    return sentence.format(at=desk.time(over["at"]), by=over.get("by") or "-")


def merged_lines(other: Mapping[str, Any], desk: Desk) -> list[str]:
    """Say of which warning people are told instead. Another source's is not shown."""
    if not other.get("id"):
        return [desk.line("merged_unknown", id="")]
    lines = [desk.line("merged", headline=other["headline"], sender=other["sender"], id=other["id"])]
    if other.get("progress"):
        lines.append(desk.line("merged_progress", progress=progress_line(other["progress"], desk)))
    return lines


def status_lines(answer: Mapping[str, Any], desk: Desk) -> list[str]:
    """Say how an alert stands: who was told when, who waits for what, whom nothing reaches, where."""
    alert, progress = answer["alert"], progress_of(answer)
    reason = desk.texts.reasons.get(alert["reason"], alert["reason"])
    state = desk.texts.alert_states.get(alert["state"], alert["state"])
    lines = [f"{alert['id']} {reason}: {state}", _headline(alert, desk)]
    lines.append(desk.line("received", at=desk.time(alert["received_at"])))
    if stated := answer.get("template"):
        lines.append(desk.line("of_template", template=stated["id"], version=str(stated["version"])))
    lines += _decided_lines(answer.get("decided"), desk)
    lines += outcome_lines(alert["reason"], answer, answer.get("merged_into_alert"), desk)
    if alert["reason"] in SENT:
        lines += _progress_lines(answer, progress, desk)
        lines += sms_status_lines(answer.get("sms"), desk)
    table = _channel_rows(answer["channels"], desk)
    if len(table) > 1:
        lines += ["", *columns(table).split("\n")]
    said = [
        desk.line(
            "receipts", channel=channel_word(one["channel"], desk), counts=_receipts(one["receipts"], desk)
        )
        for one in answer["channels"]
        if one.get("receipts")
    ]
    lines += ["", *said] if said else []
    places = answer["municipalities"]
    by_place = _place_lines(
        places,
        answer["recipients_by_municipality"],
        desk,
        of_states=True,
        receipts=answer.get("receipts_by_municipality"),
    )
    uncounted = [desk.line("places_uncounted")] if answer["recipients_by_municipality"] is None else []
    return [*lines, "", *by_place, *uncounted]


def _decided_lines(decided: Mapping[str, Any] | None, desk: Desk) -> list[str]:
    """Say who ended the wait for a person, when, and why."""
    if not decided:
        return []
    state = desk.texts.approval_states.get(decided["state"], decided["state"])
    key = "decided_why" if decided["why"] else "decided"
    why = why_said(decided["why"], desk.language)
    return [desk.line(key, reason=state, by=decided["by"], at=desk.time(decided["at"]), why=why)]


def _receipts(receipts: Mapping[str, int], desk: Desk) -> str:
    """Say on how many devices a notice has arrived, is shown and is confirmed, each with those that follow."""
    return desk.line("receipt_counts", **{state.value: receipts.get(state, 0) for state in ReceiptState})


def _progress_lines(answer: Mapping[str, Any], progress: Mapping[str, Any], desk: Desk) -> list[str]:
    if not progress["recipients"]:
        alert = answer["alert"]
        if alert["planned_at"] is None or answer.get("over"):
            return []
        return [desk.line("nobody_hears" if alert["reason"] in ENDS else "nobody_subscribed")]
    lines = [progress_line(progress, desk)]
    if first := progress["first_accepted_at"]:
        last = progress["last_accepted_at"] or first
        lines.append(desk.line("first_last", first=desk.time(first), last=desk.time(last)))
    lines += waiting_lines(answer.get("waiting", ()), desk)
    return [*lines, *failed_lines(answer.get("failed", ()), desk)]


def progress_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the recipients of a status, each counted once: what the service counted, or an older one's channels summed
    up.
    """
    if "progress" in answer:
        found: Mapping[str, Any] = answer["progress"]
        return found
    channels = answer["channels"]
    firsts = [one["first_accepted_at"] for one in channels if one["first_accepted_at"]]
    lasts = [one["last_accepted_at"] for one in channels if one["last_accepted_at"]]
    sums = [_sums(one["states"]) for one in channels]
    accepted, waiting, failed, gone, quiet = (sum(one[place] for one in sums) for place in range(5))
    return {
        "recipients": accepted + waiting + failed + gone + quiet,
        "accepted": accepted,
        "waiting": waiting,
        "failed": failed + gone + quiet,
        "gone": gone,
        "quiet_past_end": quiet,
        "first_accepted_at": min(firsts, default=None),
        "last_accepted_at": max(lasts, default=None),
    }


def _sums(states: Mapping[str, int]) -> tuple[int, int, int, int, int]:
    """Return how many recipients are reached, wait, are not reached, are gone, and have quiet hours until after the
    end, each counted once.
    """
    found = {state: states.get(state.name.lower(), 0) for state in State}
    reached = sum(count for state, count in found.items() if state in _REACHED)
    waiting = sum(count for state, count in found.items() if state in _WAITING)
    gone, quiet = found[State.GONE], found[State.QUIET_PAST_END]
    return reached, waiting, sum(found.values()) - reached - waiting - gone - quiet, gone, quiet


def progress_line(progress: Mapping[str, Any], desk: Desk) -> str:
    """Say how many are reached, wait and failed, and apart from them to how many nothing is owed: those who are there
    no more, and those who do not want to be disturbed until after the end.
    """
    gone, quiet = (
        progress.get(name, 0) for name in ("gone", "quiet_past_end")
    )  # an older service counts none
    counted = {name: progress[name] for name in ("recipients", "accepted", "waiting")}
    said = desk.line("progress", **counted, failed=progress["failed"] - gone - quiet)
    if gone:
        said += desk.line("progress_gone", gone=gone)
    return said + desk.line("progress_quiet", quiet=quiet) if quiet else said


def change_line(answer: Mapping[str, Any], desk: Desk) -> str:
    """Say in one line how far an alert has come, for whoever watches without a terminal."""
    alert = answer["alert"]
    state = desk.texts.alert_states.get(alert["state"], alert["state"])
    if alert["reason"] not in DISPATCHED:
        reason = desk.texts.reasons.get(alert["reason"], alert["reason"])
        return f"{alert['id']} {reason}: {state}"
    return f"{alert['id']} {state}: {progress_line(progress_of(answer), desk)}"


def _channel_rows(channels: Iterable[Mapping[str, Any]], desk: Desk) -> list[list[str]]:
    channels = list(channels)
    is_anybody_quiet = any(_sums(one["states"])[-1] for one in channels)
    counted = ("accepted", "waiting", "failed", "gone", "quiet_past_end")[: 5 if is_anybody_quiet else 4]
    head = ("channel", "kind", *counted, "first", "last")
    rows = [[desk.texts.columns[name] for name in head]]
    for one in channels:
        times = (one["first_accepted_at"], one["last_accepted_at"])
        rows.append(
            [
                channel_word(one["channel"], desk),
                desk.texts.kinds.get(one["kind"], one["kind"]),
                *map(str, _sums(one["states"])[: len(counted)]),
                *(desk.time(moment) if moment else "-" for moment in times),
            ]
        )
    return rows


def _place_lines(
    places: Iterable[Mapping[str, Any]],
    reach: Mapping[str, Mapping[str, Any]] | None,
    desk: Desk,
    *,
    of_states: bool = False,
    receipts: Mapping[str, Mapping[str, int]] | None = None,
) -> list[str]:
    """Return a line for each municipality: its share, and where `reach` is given, who is reached there: by channel, or
    where counted by state (`of_states`) how many are, and what their devices have said (`receipts`).
    """
    rows = []
    for place in places:
        row = [f"  {place['ags']}", place["name"], share(place["share"], desk)]
        row.append(desk.texts.target_reasons.get(place["reason"], place["reason"]))
        there = None if reach is None else reach.get(place["ags"], {})
        if there is not None and of_states and there:
            sums = _sums(there)
            row.append(f"{desk.texts.columns['accepted']} {sums[0]}/{sum(sums)}")
        elif there is not None and not of_states and reach:
            row.append(counts(there, desk))
        else:
            row.append("")
        if receipts:
            said = receipts.get(place["ags"])
            row.append(_receipts(said, desk) if said else "")
        rows.append(row)
    return [desk.line("municipalities"), *columns(rows).split("\n")] if rows else []


def alert_rows(alerts: Iterable[Mapping[str, Any]], desk: Desk) -> list[list[str]]:
    """Return a table of alerts: a heading, and a row for each."""
    head = ("id", "received", "kind", "state", "expires", "recipients", "headline")
    rows = [[desk.texts.columns[name] for name in head]]
    for one in alerts:
        state = desk.texts.alert_states.get(one["state"], one["state"])
        rows.append(
            [
                one["id"],
                desk.time(one["received_at"]),
                desk.texts.reasons.get(one["reason"], one["reason"]),
                f"{state}, {desk.line('ended')}" if one["superseded_by"] else state,
                "-" if one["reason"] in ENDS else desk.time(one["expires"]),
                str(one["audience"]),
                _beginning(one["headline"] or one["event"]),
            ]
        )
    return rows


def _beginning(headline: str) -> str:
    """Return a headline as it stands in a table."""
    return headline if len(headline) <= HEADLINE_SHOWN else f"{headline[: HEADLINE_SHOWN - 1].rstrip()}…"


def share(part: float, desk: Desk) -> str:
    """Return a share of an area, 0 to 1, in whole percent, rounded down: a part is not all."""
    if part < SMALL_SHARE:
        return desk.line("share_small")
    return desk.line("share", share=int(part * 100 + 1e-9))


def counts(reach: Mapping[str, Any] | None, desk: Desk) -> str:
    """Return how many are reached by each channel, or that nobody is, or that they could not be counted in time."""
    if reach is None:
        return desk.line("uncounted")
    named = [f"{channel_word(channel, desk)} {count}" for channel, count in sorted(reach.items())]
    return ", ".join(named) or desk.line("nobody")


def _headline(alert: Mapping[str, Any], desk: Desk) -> str:
    return f"{alert['headline'] or alert['event']}{_until(alert, desk)}"


def _until(message: Mapping[str, Any], desk: Desk) -> str:
    """Return until when the message holds: an end says what is over, and does not hold itself."""
    if message["reason"] in ENDS | {Reason.NOTHING_TO_END}:
        return ""
    return f", {desk.line('until', until=desk.time(message['expires']))}"


def _named(alert_id: str | None) -> str:
    return f" ({alert_id})" if alert_id else ""


def finding_lines(answer: Mapping[str, Any], desk: Desk) -> list[str]:
    """Return what is to be known of a message that was accepted all the same."""
    return [finding_line(item, desk) for item in answer["findings"]]


def finding_line(item: Mapping[str, Any], desk: Desk) -> str:
    """Return one finding: its code, where it stands, and what it says in the reader's language. Of a message that is
    its line; what is found elsewhere, as in a template, has a path alone.
    """
    german = desk.language is DeskLanguage.GERMAN
    place = desk.line("where", line=item["line"]) if item.get("line") else ""
    path = item.get("path") or ""
    if not place and path and not path.startswith("/"):
        place = f" {path}"
    spoken = (item.get("message_de") if german else None) or item.get("message")
    named = f" {item['value']}:" if item.get("value") and not spoken else ""
    said = spoken or item.get("reason") or ""
    return f"  {item.get('code') or item.get('kind')}{place}:{named} {said}"


def problem_lines(refused: ServiceRefused, desk: Desk) -> list[str]:
    """Say why a request was refused, with all that the service found, and what helps."""
    if refused.is_elsewhere:
        return [f"{refused.status}: {desk.line('check_address', url=refused.url)}"]
    if not refused.problem:
        return [f"{refused.status}: {refused.text}".rstrip(": ")]
    problem = refused.problem
    detail = problem.get("detail") or ""
    if desk.language is not DeskLanguage.GERMAN:
        detail = problem.get("detail_en") or detail
    lines = [f"{refused.status} {_title(refused, desk)}: {detail}".rstrip(": ")]
    if refused.type == ProblemType.UNAUTHENTICATED:
        lines.append(desk.line("check_key"))
    lines += [finding_line(item, desk) for item in _dicts(problem, "errors")]
    lines += [f"  {place.get('ags')} {place.get('name')}" for place in _dicts(problem, "municipalities")]
    lines += [f"  {reference(named)}" for named in _dicts(problem, "in_force")]
    if refused.retry_after:
        lines.append("  " + desk.line("retry_in", seconds=refused.retry_after))
    return lines


def _title(refused: ServiceRefused, desk: Desk) -> str:
    """Return the problem's title: the service says it in both languages."""
    german = refused.problem.get("title_de") if desk.language is DeskLanguage.GERMAN else None
    return str(german or refused.problem["title"])


def _dicts(problem: Mapping[str, Any], member: str) -> list[Mapping[str, Any]]:
    found = problem.get(member)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def outage_lines(error: Unanswered, desk: Desk, advice: str) -> list[str]:
    """Say that there is no answer, why, and what follows (`advice`)."""
    if error.refused is not None:
        first, *more = problem_lines(error.refused, desk)
        return [f"{first}{advice}", *more]
    return [f"{desk.texts.outages[error.key].format(**error.values)}{advice}"]


def reference(named: Mapping[str, Any]) -> str:
    """Return what stands for a message in <references>."""
    return reference_text(reference_of(named))


def reference_of(named: Mapping[str, Any]) -> Reference:
    """Return the reference to a message of which the service names sender, identifier and instant."""
    return Reference(named["sender"], named["identifier"], datetime.fromisoformat(named["sent"]))
