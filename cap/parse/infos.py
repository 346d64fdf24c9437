"""Builds an `Info` from its element, with its resources and named values."""

from enum import StrEnum
from typing import Final, TypeVar

from cap import lexical
from cap.model import Info, Resource
from cap.parse.areas import AreaBuilder
from cap.parse.elements import Element
from cap.parse.fields import Fields
from cap.parse.grammar import Grammar
from cap.parse.named_values import read_named_values
from cap.parse.problems import ProblemCollector, quote
from cap.vocabulary import Category, Certainty, ResponseType, Severity, Urgency, Version

Word = TypeVar("Word", bound=StrEnum)

_VERY_LIKELY: Final = "Very Likely"  # CAP 1.0's word for what 1.1 calls Likely
_CATEGORIES: Final = {word.value: word for word in Category}
_RESPONSE_TYPES: Final = {word.value: word for word in ResponseType}
_URGENCIES: Final = {word.value: word for word in Urgency}
_SEVERITIES: Final = {word.value: word for word in Severity}
_CERTAINTIES: Final = {word.value: word for word in Certainty}


class InfoBuilder:
    """Builds the infos of one alert; what is counted or shared over them all lives in `areas` and `problems`."""

    def __init__(self, grammar: Grammar, areas: AreaBuilder, problems: ProblemCollector) -> None:
        self._grammar = grammar
        self._areas = areas
        self._problems = problems
        self._resources = 0

    def build(self, element: Element, index: int) -> Info:
        path = f"/alert/info[{index}]"
        fields = Fields(element, self._grammar.info, path, self._problems)
        self._resources += len(fields.all("resource"))
        fields.bound("resources", self._resources, self._problems.limits.max_resources, element)
        return Info(
            language=_language(fields),
            categories=_several(fields, "category", _CATEGORIES, Category.OTHER),
            event=fields.required_prose("event"),
            response_types=_several(fields, "responseType", _RESPONSE_TYPES, None),
            urgency=_one(fields, "urgency", _URGENCIES) or Urgency.UNKNOWN,
            severity=_one(fields, "severity", _SEVERITIES) or Severity.UNKNOWN,
            certainty=_certainty(fields) or Certainty.UNKNOWN,
            audience=fields.prose("audience"),
            event_codes=read_named_values(fields, "eventCode", self._grammar),
            effective=fields.time("effective"),
            onset=fields.time("onset"),
            expires=fields.time("expires", ends=True),
            sender_name=fields.prose("senderName"),
            headline=fields.prose("headline"),
            description=fields.prose("description"),
            instruction=fields.prose("instruction"),
            web=fields.uri("web"),
            contact=fields.prose("contact"),
            parameters=read_named_values(fields, "parameter", self._grammar),
            resources=tuple(
                self._resource(child, path, n) for n, child in enumerate(fields.all("resource"), 1)
            ),
            areas=self._areas.build(fields),
            line=element.line or None,
            lines=fields.lines,
        )

    def _resource(self, element: Element, parent: str, index: int) -> Resource:
        fields = Fields(element, self._grammar.resource, f"{parent}/resource[{index}]", self._problems)
        return Resource(
            fields.required_prose("resourceDesc"),
            _mime_type(fields),
            fields.integer("size"),
            fields.uri("uri"),
            fields.token("derefUri"),
            fields.token("digest"),
            element.line or None,
            fields.lines,
        )


def _mime_type(fields: Fields) -> str | None:
    child = fields.first("mimeType")
    if child is not None and fields.problems.version is Version.V1_2 and not fields.raw(child).strip():
        fields.report("text-empty", child, "mimeType")  # required since 1.2
        return None
    return fields.token("mimeType")


def _language(fields: Fields) -> str | None:
    child = fields.first("language")
    if child is None:
        return None
    text = fields.raw(child)
    if not text:  # the schema gives an empty one its default
        fields.report("element-empty", child, "language")
        return None
    value, code = lexical.language(text)
    if code:
        fields.report(code, child, quote(text))
    return value


def _one(fields: Fields, name: str, words: dict[str, Word]) -> Word | None:
    child = fields.first(name)
    if child is None:
        return None
    word = fields.word(child, words)
    if word is None:
        fields.report("enum-unknown", child, f"{name} {quote(child.text)}")
    return word


def _certainty(fields: Fields) -> Certainty | None:
    child = fields.first("certainty")
    if child is not None and child.text.strip() == _VERY_LIKELY:
        if fields.problems.version is not Version.V1_0:
            fields.report("enum-version", child, f"certainty {quote(_VERY_LIKELY)}")
        return Certainty.LIKELY
    return _one(fields, "certainty", _CERTAINTIES)


def _several(fields: Fields, name: str, words: dict[str, Word], unknown: Word | None) -> tuple[Word, ...]:
    """Returns all values of a repeatable word; an unknown one becomes `unknown`, or is left out if that is None."""
    values = []
    for child in fields.all(name):
        word = fields.word(child, words)
        if word is None:
            fields.report("enum-unknown", child, f"{name} {quote(child.text)}")
            word = unknown
        if word is not None:
            values.append(word)
    return tuple(values)
