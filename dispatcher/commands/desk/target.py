"""Finds what of a message's history holds now, which is what a follow-up is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import cap
from cap import follow_up
from dispatcher.commands.desk.following import page_of
from dispatcher.commands.desk.sentences import over_line, reference_of
from dispatcher.commands.desk.service import Service, ServiceRefused
from dispatcher.model.alerts import new_identifier
from dispatcher.model.problems import ProblemType
from dispatcher.model.status import OverReason
from dispatcher.model.vocabulary import ENDS, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatcher.desk_texts.desk import Desk

GOES_ON: Final = frozenset({*ENDS, Reason.NOT_ACTUAL, Reason.NOT_PUBLIC, Reason.MERGED})
"""What a Cancel of a message would come to while there is something to end: tests end without telling anybody."""
NEWEST: Final = 500
COPIES_MAX: Final = 50
"""How many copies of one warning are looked for, one behind the other."""


@dataclass(frozen=True, slots=True)
class InForceParts:
    """What of a message's history holds now: its parts, and the references that name them all."""

    parts: tuple[cap.Alert, ...]
    references: tuple[cap.Reference, ...]
    listed: tuple[str, ...] = ()
    """A line for each part that the source's list has: its id and headline."""
    copies: tuple[cap.Reference, ...] = ()
    """Own warnings that say the same, and that nobody was told of because of that."""
    waiting: tuple[Mapping[str, Any], ...] = ()
    """Own messages that still wait for a person, and that an end of it would withdraw, as the service names them."""


class NothingToChange(Exception):
    """The message holds no more, or goes on in several parts; each argument is a line that says so."""


def find_target(service: Service, alert_id: str, at: Desk) -> InForceParts:
    """Return what of a message's history holds now. The service says it, of a Cancel that nobody sends: references are
    a graph, and what holds in it is known there alone. Own copies, which nobody was told of because the message says
    the same, are named as well: else they would be sent in its place. Raises `NothingToChange`, and what `Service`
    does.
    """
    earlier = _sent(service, alert_id)
    target = InForceParts((earlier,), (follow_up.own_reference(earlier),))
    try:
        answer = _probe(service, target, at)
    except ServiceRefused as error:
        if error.type != ProblemType.REFERENCE_REPLACED or not error.problem.get("in_force"):
            raise
        target = _successors(service, earlier, error.problem["in_force"])
        answer = _probe(service, target, at)
    if answer["reason"] not in GOES_ON and not answer.get("withdrawn"):
        why = _end_of(service, alert_id, at) or at.texts.unsent.get(answer["reason"], answer["reason"])
        raise NothingToChange(at.line("ended_already", why=why))
    return _with_copies(service, _as_people_know_it(service, target, alert_id, answer), answer, at)


def _as_people_know_it(
    service: Service, target: InForceParts, alert_id: str, answer: Mapping[str, Any]
) -> InForceParts:
    """Return the target with what waits; where it waits itself, with the words of what people have read instead."""
    waiting = tuple(one for one in answer.get("withdrawn", ()) if one["id"])
    known = tuple(one for one in answer.get("ends", ()) if one["id"])
    target = replace(target, waiting=waiting)
    if not known or alert_id not in {one["id"] for one in waiting}:
        return target
    parts = tuple(_sent(service, one["id"]) for one in known)
    names = tuple(map(follow_up.own_reference, parts))
    more = tuple(one for one in names if one not in target.references)
    return replace(target, parts=parts, references=(*target.references, *more))


def waiting_change(service: Service, alert_id: str, target: InForceParts, at: Desk) -> InForceParts:
    """Return what an Update of the alert is about: a change of it that still waits, if there is one. Raises
    `NothingToChange` where there are several and the alert is none of them.
    """
    wanted = [one for one in target.waiting if one["id"] == alert_id] or list(target.waiting)
    if not wanted:
        return target
    if len(wanted) > 1:
        lines = (f"  {one['id']}  {one['headline']}" for one in wanted)
        raise NothingToChange(at.line("waiting_several"), *lines)
    part = _sent(service, wanted[0]["id"])
    return InForceParts(
        (part,), (follow_up.own_reference(part),), copies=target.copies, waiting=target.waiting
    )


def _probe(service: Service, target: InForceParts, at: Desk) -> dict[str, Any]:
    """Ask what a Cancel of the target would do."""
    base = target.parts[0]
    probe = follow_up.cancel(base, header("probe", base, (*target.references, *target.copies), at))
    return service.post(f"{service.api}/alerts/preview", cap.render(probe), "reason")


def _with_copies(service: Service, target: InForceParts, answer: dict[str, Any], at: Desk) -> InForceParts:
    """Return the target with the own copies that would be sent in its place, and those that would be in theirs."""
    for _ in range(COPIES_MAX):
        more = tuple(
            reference_of(one)
            for one in answer.get("sent_instead", ())
            if one["sender"] == target.parts[0].sender
        )
        if not more:
            break
        target = replace(target, copies=(*target.copies, *more))
        answer = _probe(service, target, at)
    return target


def _end_of(service: Service, alert_id: str, at: Desk) -> str:
    """Return the sentence that says by what, and when, the last message that took this one's place is over."""
    said, wanted = "", alert_id
    for _ in range(NEWEST):
        over = service.get(page_of(service, wanted), "channels").get("over")
        if not over:
            break
        said = over_line(over, at)
        if over["reason"] != OverReason.REPLACED or not over["by"]:
            break
        wanted = over["by"]
    return said


def _successors(service: Service, earlier: cap.Alert, in_force: Sequence[dict[str, Any]]) -> InForceParts:
    """Return the messages that the service says hold in the place of the earlier one, which is what it is told by
    where the list has none of them.
    """
    references = tuple(reference_of(named) for named in in_force)
    listed = service.get(f"{service.api}/alerts?limit={NEWEST}", "alerts")["alerts"]
    found = [one for one in listed if reference_of(one) in references]
    parts = tuple(_sent(service, one["id"]) for one in found)
    # Equal by their instants, and each as it was written; what the list did not have is named by the service's words.
    written = {own: own for own in map(follow_up.own_reference, parts)}
    exact = tuple(written.get(one, one) for one in references)
    lines = tuple(f"  {one['id']}  {one['headline']}" for one in found)
    return InForceParts(parts or (earlier,), exact, lines)


def _sent(service: Service, alert_id: str) -> cap.Alert:
    """Return a message as it was sent. The service took it, so it can be read."""
    return cap.parse(service.bytes_at(f"{page_of(service, alert_id)}/cap")).alerts[0]


def header(
    name: str, earlier: cap.Alert, references: tuple[cap.Reference, ...], at: Desk
) -> follow_up.Header:
    """Return the head of a message about the earlier one: a new identifier, which begins with `name`, and its time."""
    now = datetime.now(at.zone)
    identifier = new_identifier(name, now)
    return follow_up.Header(identifier, follow_up.next_moment(earlier, now), references)
