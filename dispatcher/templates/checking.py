"""Check a template before it is needed: each language, filled with examples, becomes a message without error. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import cap
from channels.sms.contract import MAX_PARTS
from channels.sms.fitting import compose, essential
from channels.sms.sentences import sentences
from dispatcher.model.vocabulary import Kind
from dispatcher.templates.faults import fault
from dispatcher.templates.filling import Circumstances, fill, municipalities_area, text_faults
from dispatcher.templates.template import EXPECTED, TEXTS, FieldKind
from dispatcher.templates.values import checked_values, with_unit
from dispatcher.templates.wording import MarkError, passages, put_together
from dispatcher.texts.choice import choose, primary_language
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.languages import SIMPLE
from dispatcher.texts.lines import lines
from dispatcher.texts.times import Present
from dispatcher.texts.unrecorded import unrecorded
from dispatcher.texts.words.catalogues import words_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cap import Alert, Finding
    from dispatcher.templates.template import Template, TemplateField
    from dispatcher.templates.wording import Passage

HEADLINE: Final = 160
"""Characters of a headline that displays with limited space show (CAP 1.2 section 3.2.2)."""
SIMPLE_WORDS: Final = 12
"""Words of a sentence in Leichte Sprache at most: one statement has no more."""
SHOWN_SENTENCE: Final = 80
SENT: Final = datetime(2026, 1, 15, 10, tzinfo=UTC)
"""When the examples are sent: no time of the day changes what is found."""
_PLACE: Final = "Musterstadt"


@dataclass(frozen=True, slots=True)
class LanguageCheck:
    """What one language comes to with the examples."""

    language: str
    headline: str
    headline_longest: int
    """Characters of the headline with the longest values."""
    sms_parts: int


class ExampleSms(NamedTuple):
    """An SMS as it is sent. `is_whole`: it has what a warning needs."""

    text: str
    parts: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `languages` is empty where the texts cannot be filled."""

    findings: tuple[Finding, ...]
    languages: tuple[LanguageCheck, ...]

    @property
    def is_valid(self) -> bool:
        """Whether the template may be kept."""
        return cap.is_valid(self.findings)


def check(template: Template) -> Checked:
    """Return all that is wrong with a template, and what its languages come to."""
    findings = [*_presets(template), *_fields(template)]
    if not cap.is_valid(findings):
        return Checked(tuple(findings), ())
    findings += _messages(template)
    if not cap.is_valid(findings):
        return Checked(tuple(findings), ())
    alert = example(template)
    assert alert is not None  # noqa: S101 - no finding is an error
    found = []
    for language in template.languages():
        one, more = _language(template, alert, language)
        found.append(one)
        findings += more
    return Checked(tuple(findings), tuple(found))


def example(template: Template) -> Alert | None:
    """Return the message that the examples make; None where they make none that may be sent."""
    examples = {name: field.example for name, field in template.fields.items()}
    return fill(template, examples, _around(template)).alert


def _presets(template: Template) -> Iterator[Finding]:
    if EXPECTED[0] not in template.texts:
        yield fault("language-missing", "texts")
    for language in EXPECTED[1:]:
        if language not in template.texts:
            yield fault("language-advised", "texts", language=language)
    if cap.ResponseType.ALL_CLEAR in template.response_types:
        yield fault("all-clear", "response_types")
    if cap.Urgency.PAST in template.urgency:
        yield fault("all-clear", "urgency")
    yield from text_faults(
        "", {name: getattr(template, name) for name in ("title", "area", "contact", "web")}
    )
    codes = {f"event_codes/{name}": f"{name} {code}" for name, code in template.event_codes.items()}
    yield from text_faults("", codes)
    if template.municipalities and not template.area:
        yield fault("area-unnamed", "area")
    if template.lasts > template.lasts_at_most:
        yield fault("lasts", "lasts")


def _fields(template: Template) -> Iterator[Finding]:
    """Yield what is wrong with how texts name fields."""
    named: dict[str, set[str]] = {}
    for language, said in sorted(template.texts.items()):
        named[language] = set()
        for element in TEXTS:
            path = f"texts/{language}/{element}"
            try:
                parts = passages(getattr(said, element))
            except MarkError as error:
                yield fault("text-mark", path, at=error.at)
                continue
            for part in parts:
                named[language].update(part.fields())
                yield from _passage(template, part, path)
    everywhere = set().union(*named.values())
    for language, names in named.items():
        for name in sorted(everywhere & set(template.fields) - names):
            yield fault("field-left-out", f"texts/{language}", name=name)
    for name in sorted(set(template.fields) - everywhere):
        yield fault("field-unused", f"fields/{name}")


def _passage(template: Template, part: Passage, path: str) -> Iterator[Finding]:
    known = {name: template.fields.get(name) for name in dict.fromkeys(part.fields())}
    for name, field in known.items():
        if field is None:
            yield fault("field-unknown", path, name=name)
        elif not field.required and not part.is_optional:
            yield fault("field-open", path, name=name)
    optional = [name for name, field in known.items() if field is not None and not field.required]
    if part.is_optional and (len(optional) != 1 or len(known) != 1):
        yield fault("passage", path)


def _around(template: Template) -> Circumstances:
    area = municipalities_area(template.municipalities or ["00000000"], _PLACE)
    return Circumstances("vorlage@beispiel.example", "vorlage", SENT, area, sender_name="Leitstelle")


def _messages(template: Template) -> Iterator[Finding]:
    """Yield what is wrong with the messages that the examples make: with all fields, and with the required ones only.
    What both have is said once.
    """
    examples = {name: field.example for name, field in template.fields.items()}
    _, wrong = checked_values(template, examples)
    for one in wrong:
        name = one.path.removeprefix("values/")
        yield cap.Finding(one.code, one.severity, f"fields/{name}/example", None, one.message, one.message_de)
    if wrong:
        return
    required = {name: value for name, value in examples.items() if template.fields[name].required}
    around = _around(template)
    found = [one for values in (examples, required) for one in fill(template, values, around).faults]
    yield from dict.fromkeys(_placed(one, template) for one in found)


def _placed(found: Finding, template: Template) -> Finding:
    """Return a finding of the message at the place of the template that it comes from."""
    path = found.path
    for number, language in enumerate(template.languages(), 1):
        path = path.replace(f"/alert/info[{number}]", f"texts/{language}")
    return cap.Finding(found.code, found.severity, path, None, found.message, found.message_de)


def _language(template: Template, alert: Alert, language: str) -> tuple[LanguageCheck, list[Finding]]:
    info = next(one for one in alert.infos if one.language == language)
    longest = len(put_together(passages(template.texts[language].headline), _longest(template.fields)))
    findings = []
    if longest > HEADLINE:
        path = f"texts/{language}/headline"
        findings.append(fault("headline-long", path, characters=longest, most=HEADLINE))
    if SIMPLE in language.split("-"):
        findings += _long_sentences(language, {name: getattr(info, name) or "" for name in TEXTS})
    sms = example_sms(alert, language)
    if not sms.is_whole:
        findings.append(fault("sms-cut", f"texts/{language}/instruction", parts=sms.parts))
    return LanguageCheck(language, info.headline or "", longest, sms.parts), findings


def _longest(fields: Mapping[str, TemplateField]) -> dict[str, str]:
    """Return values as long as each field takes."""
    return {
        name: with_unit(field, "0" * (5 if field.kind is FieldKind.TIME else field.longest))
        for name, field in fields.items()
    }


def _long_sentences(language: str, texts: Mapping[str, str]) -> Iterator[Finding]:
    for name, text in texts.items():
        for sentence in sentences(text):
            if (words := len(sentence.split())) > SIMPLE_WORDS:
                yield fault(
                    "sentence-long",
                    f"texts/{language}/{name}",
                    words=words,
                    most=SIMPLE_WORDS,
                    sentence=sentence[:SHOWN_SENTENCE],
                )


def example_sms(alert: Alert, language: str, parts_max: int = MAX_PARTS) -> ExampleSms:
    """Return the SMS of an example in this language, with at most so many parts."""
    expires = max(info.expires for info in alert.infos if info.expires)
    stored = unrecorded(alert, SENT, expires)
    chosen = choose(alert, Kind.ALERT, language, SENT, expires)
    assert chosen is not None  # noqa: S101 - it goes on
    assert chosen.info is not None  # noqa: S101 - there is one for each language
    source = RecordedMessage(alert, stored, (_PLACE,), (("00000000", _PLACE),))
    said = tuple(lines(content(source, chosen, Kind.ALERT, words_for(language), SENT), Present(SENT, UTC)))
    own = primary_language(chosen.info)
    sms = compose(said, parts_max, own)
    is_whole = essential(said).stands_in("".join(sms.parts), own)
    return ExampleSms(sms.text, len(sms.parts), is_whole)
