"""Arrange what pages show of a template: its texts with the examples, what else it lays down, what changes. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.model.templates.version import TemplateState, live_version
from dispatcher.templates.checking import example, example_sms
from dispatcher.templates.template import TEXTS
from dispatcher.texts.languages import is_right_to_left

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dispatcher.model.templates.version import TemplateVersion
    from dispatcher.templates.template import Template, TemplateField

    Word = Callable[..., str]
    """Returns a sentence of the catalogue, by its name, with its values."""

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)


class TemplateRow(NamedTuple):
    """A template in the list, by its newest version."""

    newest: TemplateVersion
    live: int | None
    """The version with which people are warned."""

    @property
    def is_open(self) -> bool:
        """Whether somebody has to decide about its newest version."""
        return self.newest.state is TemplateState.DRAFT


class ExampleText(NamedTuple):
    """What people read in one language, with the examples filled in, and how it is written in the template."""

    language: str
    direction: str
    texts: tuple[tuple[str, str], ...]
    """The elements, as `event`, with what they say; without those that are empty."""
    wording: tuple[tuple[str, str], ...]
    """The same with the names of the fields."""
    sms: str
    parts: int


class TemplateFact(NamedTuple):
    """One thing that a template lays down: what it is, and what is laid down, in words."""

    label: str
    value: str


class TemplateChange(NamedTuple):
    """One thing that is otherwise than before; empty where there is none."""

    label: str
    before: str
    after: str


def rows(templates: Iterable[Sequence[TemplateVersion]]) -> list[TemplateRow]:
    """Return the templates by title, each given by all its versions, the oldest first."""
    found = [TemplateRow(one[-1], live.version if (live := live_version(one)) else None) for one in templates]
    return sorted(found, key=lambda row: (row.newest.title.casefold(), row.newest.template_id))


def examples(template: Template, parts_max: int) -> list[ExampleText]:
    """Return the texts of all languages, of SMS with at most so many parts; none where the examples make no message."""
    alert = example(template)
    if alert is None:
        return []
    found = []
    for language, info in zip(template.languages(), alert.infos, strict=True):
        said = template.texts[language]
        texts = ((name, getattr(info, name) or "") for name in TEXTS)
        sms = example_sms(alert, language, parts_max)
        found.append(
            ExampleText(
                language,
                "rtl" if is_right_to_left(language) else "ltr",
                tuple(one for one in texts if one[1]),
                tuple((name, text) for name in TEXTS if (text := getattr(said, name))),
                sms.text,
                sms.parts,
            )
        )
    return found


def facts(template: Template, names: Mapping[str, str], word: Word) -> list[TemplateFact]:
    """Return what a template lays down beside its texts. `names` are those of its municipalities, by AGS."""
    places = ", ".join(f"{names.get(ags, '?')} ({ags})" for ags in template.municipalities)
    said = {
        "title": template.title,
        "categories": ", ".join(word(f"template_category_{one}") for one in template.categories),
        "severity": _choice([word(f"severity_{one}") for one in template.severity], word),
        "urgency": _choice([word(f"template_urgency_{one}") for one in template.urgency], word),
        "certainty": _choice([word(f"template_certainty_{one}") for one in template.certainty], word),
        "response_types": ", ".join(word(f"template_response_{one}") for one in template.response_types),
        "event_codes": ", ".join(f"{name}: {code}" for name, code in template.event_codes.items()),
        "lasts": _duration(template.lasts, word),
        "lasts_at_most": _duration(template.lasts_at_most, word),
        "municipalities": places or word("template_anywhere"),
        "area": template.area,
        "web": template.web,
        "contact": template.contact,
    }
    found = [TemplateFact(word(f"template_{name}"), value) for name, value in said.items() if value]
    fields = template.fields.items()
    return found + [
        TemplateFact(word("template_field", field=name), _field(one, word)) for name, one in fields
    ]


def changes(before: Template, after: Template, names: Mapping[str, str], word: Word) -> list[TemplateChange]:
    """Return all that is otherwise in `after`, texts first: nothing where both have the same content."""
    was, now = ({**_wording(one, word), **dict(facts(one, names, word))} for one in (before, after))
    labels = [*now, *(one for one in was if one not in now)]
    pairs = (TemplateChange(label, was.get(label, ""), now.get(label, "")) for label in labels)
    return [one for one in pairs if one.before != one.after]


def _wording(template: Template, word: Word) -> dict[str, str]:
    """Return the texts with the names of their fields, by what each is called."""
    return {
        word("template_in_language", text=word(name), language=language): text
        for language in template.languages()
        for name in TEXTS
        if (text := getattr(template.texts[language], name))
    }


def _choice(said: Sequence[str], word: Word) -> str:
    first, *others = said
    return word("template_choice", first=first, others=", ".join(others)) if others else first


def _duration(lasts: timedelta, word: Word) -> str:
    hours, rest = divmod(lasts, HOUR)
    minutes = rest // MINUTE
    if not hours:
        return word("template_minutes", minutes=minutes)
    return word("template_hours_minutes" if minutes else "template_hours", hours=hours, minutes=minutes)


def _field(field: TemplateField, word: Word) -> str:
    example_of = f"{field.example} {field.unit}".rstrip()
    label = f"{field.label} ({field.label_en})" if field.label_en else field.label
    kind = word(f"template_kind_{field.kind}")
    said = [word("template_field_is", label=label, kind=kind, longest=field.longest, example=example_of)]
    if field.least is not None or field.most is not None:
        least, most = ("…" if one is None else f"{one:.15g}" for one in (field.least, field.most))
        said.append(word("template_field_bounds", least=least, most=most))
    if not field.required:
        said.append(word("template_field_open"))
    return ", ".join(said)
