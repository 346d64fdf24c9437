"""Show the form in which a warning is written, and the preview of what it would do."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from cap.severity import highest_severity
from channels.characters import legible
from dispatcher.access.permissions import Permission
from dispatcher.api.console.approvals import living_said, names_of, why_there
from dispatcher.api.schemas.preview import preview_body
from dispatcher.console.approvals import number, texts_shown
from dispatcher.console.compose.draft import LANGUAGES, DraftKind, DraftText
from dispatcher.console.compose.following import RESPONSES, form_language
from dispatcher.console.compose.message import CHOICES, LONGEST, name_of
from dispatcher.console.compose.places import read_places
from dispatcher.console.compose.shown import goes_out, people, reach_shown, waits, written
from dispatcher.console.compose.words import COMPOSE_WORDS
from dispatcher.console.differences import ComparedMessage, changes
from dispatcher.console.words import WORDS
from dispatcher.desk_texts.approval_ahead import approval_lines
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.desk_texts.owed import channel_word
from dispatcher.desk_texts.sms import sms_preview_lines
from dispatcher.model.templates.version import live_version, rehearsed_version
from dispatcher.model.vocabulary import ENDS, Environment
from dispatcher.store.record import UNAVAILABLE
from dispatcher.texts.choice import preferred
from dispatcher.texts.languages import DEFAULT, is_right_to_left

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.responses import Response

    import cap
    from dispatcher.api.console.compose.drafting import Drafting
    from dispatcher.api.console.visits import Visit
    from dispatcher.boundaries.municipalities import Municipality
    from dispatcher.console.compose.message import FieldFault
    from dispatcher.console.differences import MessageChanges
    from dispatcher.intake.submission import Preview
    from dispatcher.model.templates.version import TemplateVersion

SCRIPT_WORDS: Final = tuple(
    name.removeprefix("compose_js_") for name in COMPOSE_WORDS if name.startswith("compose_js_")
)
"""What the script of the form says."""
OFFERED_MAX: Final = 400
"""Boxes of municipalities: a Land is a list that is pasted. The map draws as many."""
DOUBTS_MAX: Final = 50
LABELLED: Final = (
    "category",
    "response",
    "severity",
    "urgency",
    "certainty",
    "places",
    "area",
    "shapes",
    "imported",
    "sender",
    "sender_name",
)
"""Fields of the form that are called the same whatever stands in it."""
_IN_FORM: Final = frozenset({"draft", "kind", "of", "template", "version"})
"""Fields that nobody sees in the form."""


class FormNotes(NamedTuple):
    """What is said above the form, and at its fields."""

    refusal: str = ""
    status: HTTPStatus = HTTPStatus.OK
    faults: Sequence[FieldFault] = ()
    sent_as: str = ""
    """The alert of record, by id, that the draft was sent as before."""


NO_NOTES: Final = FormNotes()


async def show_form(visit: Visit, at: Drafting, notes: FormNotes = NO_NOTES) -> Response:
    """Show the form with all that stands in it, and what is wrong with which field."""
    draft, template = at.draft, at.template
    boundaries = visit.dependencies.boundaries
    # In a thread: similar names are looked for among some thousand.
    read = await asyncio.to_thread(read_places, draft.places, boundaries, draft.picked)
    found = _by_field(notes.faults, visit)
    is_begun = bool(draft.texts or template or notes.refusal or found or at.standing)
    languages = languages_of(at)
    return visit.page(
        "compose",
        notes.status,
        refusal=notes.refusal,
        faults=found,
        labels=labels_of(visit, at, languages),
        sent_as=notes.sent_as,
        draft=draft,
        hidden=[(name, value) for name, value in draft.fields() if name in _IN_FORM],
        title=visit.word(_of_kind("compose", at, visit)),
        earlier=_earlier(visit, at),
        may_correct=visit.holder(Permission.CORRECT_ALERTS) is not None,
        is_begun=is_begun,
        templates=[] if is_begun else await _offered_templates(visit),
        prepared=template,
        languages=[visit.language_name(one) for one in template.languages()] if template else [],
        form_languages=languages,
        script_words=json.dumps(
            {name: WORDS[f"compose_js_{name}"].in_language(visit.language) for name in SCRIPT_WORDS}
        ),
        blank_text=DraftText(),
        direction=lambda tag: "rtl" if is_right_to_left(tag) else "ltr",
        longest=LONGEST,
        choices=_choices(at),
        preset=name_of(template.municipalities, boundaries) if template else "",
        offered=_offered(visit, at),
        unresolved=read.unresolved,
        has_base_map=visit.parts.base_map is not None,
        senders=at.senders or ("",),
    )


async def show_preview(
    visit: Visit, at: Drafting, alert: cap.Alert, preview: Preview, seen: str, refusal: str = ""
) -> Response:
    """Show what the message would do, and the button that does it. `seen` is the hash of its bytes."""
    texts = visit.dependencies.held.texts
    shown = await asyncio.to_thread(
        lambda: texts_shown(written(alert, preview, preview.affected, texts), visit.parts.sms_parts)
    )
    # As the API says it, which the commands of a desk put into the same words.
    reader = visit.principal.submits_as if visit.principal else ""
    body = preview_body(preview, reader).model_dump(mode="json", include={"sms", "approval"})
    is_sent, said = goes_out(preview), people_said(visit, preview)
    asks = "compose_ask" if waits(preview) else "compose_send"
    send = _of_kind(asks, at, visit) if is_sent else "compose_record"
    if preview.withdrawn and not is_sent and at.draft.kind is DraftKind.ALL_CLEAR:
        send = "compose_withdraw"
    return visit.page(
        "compose_preview",
        refusal=refusal,
        alert=alert,
        severity=highest_severity(alert).value,
        preview=preview,
        goes_out=is_sent,
        waits=waits(preview),
        people=said,
        why_not=_why_not(visit, preview),
        places=preview.affected,
        names=lambda places: names_of(visit, [place.name for place in places]),
        share=lambda place: why_there(visit, place),
        count=lambda one: number(one, visit.language) if isinstance(one, int) else one,
        reach=reach_shown(preview),
        channel_name=lambda name: channel_word(name, visit.desk),
        living=living_said(visit, preview.affected),
        is_rounded=preview.estimate.without_places is not None,
        doubts=doubts_of(visit, preview),
        sms=sms_preview_lines(body.get("sms"), visit.desk),
        asked=approval_lines(body["approval"], visit.desk) if body["approval"] else [],
        texts=shown,
        title=visit.word(_of_kind("compose_previewed", at, visit)),
        changes=await _changes(visit, at, alert, preview),
        ends=_ends(visit, preview),
        fields=list(at.draft.fields()),
        seen=seen,
        send=visit.word(send, people=said),
    )


def _of_kind(name: str, at: Drafting, visit: Visit) -> str:
    """Return the name of a sentence about a warning, an Update or an all-clear, of this environment."""
    kind = at.draft.kind
    if kind is DraftKind.ALL_CLEAR and at.is_unsent and f"{name}_withdraw" in WORDS:
        return f"{name}_withdraw"
    words = (
        (name, visit.environment.value)
        if kind is DraftKind.ALERT
        else (name, kind.value, visit.environment.value)
    )
    return "_".join(words)


def languages_of(at: Drafting) -> list[str]:
    """Return the languages of the form: ours and those that were written; of an all-clear those of what it ends."""
    if at.draft.kind is not DraftKind.ALL_CLEAR:
        return [*dict.fromkeys((*LANGUAGES, *at.draft.texts))]
    if at.standing is None:
        return [*at.draft.texts] or [DEFAULT]
    first = at.standing.parts[0]
    return [*dict.fromkeys(form_language(info, first) for info in first.infos)]


def _earlier(visit: Visit, at: Drafting) -> str:
    if at.standing is None:
        return ""
    headline = _headline(visit, at.standing.parts[0])
    if at.known is not None:
        return visit.word(
            "compose_update_waiting_how", headline=headline, known=_headline(visit, at.known.alert)
        )
    unsent = "_unsent" if at.is_unsent else ""
    said = [visit.word(f"compose_{at.draft.kind.value}{unsent}_how", headline=headline)]
    if not at.is_unsent:
        said += _withdrawn(visit, at.standing.preview)
    return " ".join(said)


def _headline(visit: Visit, alert: cap.Alert) -> str:
    info = preferred(alert.infos, visit.language)
    return legible((info and (info.headline or info.event)) or "")


async def _changes(visit: Visit, at: Drafting, alert: cap.Alert, preview: Preview) -> MessageChanges | None:
    """Return what an Update has otherwise than what people know, or than what it changes where they know nothing of it;
    None of any other message.
    """
    if at.standing is None or at.draft.kind is not DraftKind.UPDATE:
        return None
    (before,), ids = at.standing.parts, at.standing.alert_ids
    if at.known is not None:
        before, ids = at.known.alert, (at.known.id,)
    ends = [info.expires for info in before.infos if info.expires]
    places = [place for one in ids for place in await visit.dependencies.alerts.affected(one)]
    was = ComparedMessage(before, max(ends, default=preview.expires), places)
    return changes(was, ComparedMessage(alert, preview.expires, preview.affected), visit.language)


def _ends(visit: Visit, preview: Preview) -> list[str]:
    """Return what that waits goes out no more, who hears of an end, and whom an Update leaves."""
    found = _withdrawn(visit, preview)
    if preview.told is not None:
        alarmed = number(preview.told.alarmed, visit.language)
        found.append(
            visit.word("compose_told", people=_number_of_people(visit, preview.told.alarmed, alarmed))
        )
        found += [
            visit.word("compose_still_warned", headline=legible(one.headline or one.event))
            for one in preview.told.still_warned_by
        ]
    if preview.dropped is not None and preview.dropped.places:
        names = names_of(visit, [place.name for place in preview.dropped.places])
        found.append(visit.word("compose_dropped", names=names))
    return found


def _withdrawn(visit: Visit, preview: Preview) -> list[str]:
    return [
        visit.word("compose_withdraws", headline=legible(one.headline or one.event))
        for one in preview.withdrawn
    ]


def _number_of_people(visit: Visit, count: int, written: str) -> str:
    return visit.word("person" if count == 1 else "people", people=written)


def _by_field(faults: Iterable[FieldFault], visit: Visit) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in dict.fromkeys(faults):
        found.setdefault(one.field, []).append(one.said.in_language(visit.language))
    return found


def labels_of(visit: Visit, at: Drafting, languages: Sequence[str]) -> dict[str, str]:
    """Return what the fields are called, also where a fault is listed above the form."""
    labels = {name: visit.word(f"compose_{name}") for name in LABELLED}
    for language in languages:
        for name in LONGEST:
            said = visit.word(f"compose_{name}")
            is_first = language == languages[0]
            labels[f"{name}-{language}"] = said if is_first else f"{said} – {visit.language_name(language)}"
    labels["expires"] = visit.word("compose_expires")
    if at.template is not None:
        lasts = visit.word("compose_hours", hours=f"{at.template.lasts.total_seconds() / 3600:g}")
        labels["expires"] = visit.word("compose_expires_template", lasts=lasts)
        for name, field in at.template.fields.items():
            label = field.label_en if visit.language != "de" and field.label_en else field.label
            unit = f" ({field.unit})" if field.unit else ""
            optional = "" if field.required else f" {visit.word('compose_optional')}"
            labels[f"value-{name}"] = f"{label}{unit}{optional}"
    return labels


def _choices(at: Drafting) -> dict[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {name: [str(one) for one in values] for name, values in CHOICES.items()}
    found["response"] = [str(one) for one in RESPONSES]
    if at.template is not None:
        for name in ("severity", "urgency", "certainty"):
            found[name] = [str(one) for one in getattr(at.template, name)]
    return found


async def _offered_templates(visit: Visit) -> list[TemplateVersion]:
    """Return the versions that may be used; none where the record is not to be had, for the form is shown all the
    same.
    """
    usual = rehearsed_version if visit.environment is Environment.EXERCISE else live_version
    try:
        every = await visit.dependencies.templates.all()
    except UNAVAILABLE:
        return []
    return [found for versions in every.values() if (found := usual(versions)) is not None]


def _offered(visit: Visit, at: Drafting) -> list[Municipality]:
    """Return the municipalities that the person may warn, by name, and those that are picked; of too many these
    alone.
    """
    boundaries = visit.dependencies.boundaries
    own = {place for prefix in at.territory for place in boundaries.by_prefix(prefix)}
    picked = {place for ags in at.draft.picked if (place := boundaries.by_ags(ags)) is not None}
    offered = own | picked if len(own) <= OFFERED_MAX else picked
    return sorted(offered, key=lambda place: (place.name.casefold(), place.ags))


def people_said(visit: Visit, preview: Preview) -> str:
    """Say how many get the message."""
    if not preview.estimate.is_counted:
        is_end = preview.reason in ENDS
        return visit.word("compose_warned_uncounted" if is_end else "compose_uncounted")
    counted = people(preview)
    if not counted.is_exact and not counted.number:
        return visit.word("compose_few")
    said = number(counted.number, visit.language)
    if not counted.is_exact:
        return visit.word("compose_at_least", people=said)
    return _number_of_people(visit, counted.number, said)


def _why_not(visit: Visit, preview: Preview) -> str:
    if preview.quota_reached:
        return visit.word("compose_quota")
    return desk_texts(visit.language).unsent.get(preview.reason, preview.reason.value)


def doubts_of(visit: Visit, preview: Preview) -> list[str]:
    """Return what the check has found, what was repaired or not found in the areas, and whom it misses."""
    is_german = visit.language == "de"
    found = _nobody(visit, preview)
    found += [one.message_de if is_german else one.message for one in preview.findings]
    gaps = [one.sentence(channel_word(one.channel, visit.desk)) for one in preview.estimate.gaps]
    found += [one.in_language(visit.language) for one in gaps]
    return list(dict.fromkeys(found))[:DOUBTS_MAX]


def _nobody(visit: Visit, preview: Preview) -> list[str]:
    """Say why it reaches nobody, or that it may: of an end it is said who had been told."""
    if goes_out(preview) and not preview.estimate.is_counted:
        return [visit.word("compose_not_counted")]
    counted = people(preview)
    if not goes_out(preview) or preview.told is not None or counted.number:
        return []
    if not counted.is_exact:
        return [visit.word("compose_perhaps_nobody")]
    return [visit.word(f"compose_nobody_{visit.environment}")]
