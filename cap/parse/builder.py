"""Builds an `Alert` from its element and reports a problem for every deviation from the standard."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from cap import lexical
from cap.limits import Limits
from cap.model import Alert
from cap.parse.areas import AreaBuilder
from cap.parse.elements import Element
from cap.parse.fields import Fields
from cap.parse.grammar import GRAMMARS
from cap.parse.infos import InfoBuilder
from cap.parse.problems import ProblemCollector, quote
from cap.parse.references import read_references
from cap.vocabulary import MsgType, Scope, Status, Version

Word = TypeVar("Word", bound=StrEnum)

_STATUSES: Final = {word.value: word for word in Status}
_MSG_TYPES: Final = {word.value: word for word in MsgType}
_SCOPES: Final = {word.value: word for word in Scope}


def build(element: Element, version: Version, limits: Limits, repairs: Iterable[str] = ()) -> Alert:
    """Returns the alert in `element`; `repairs` are the codes of what was repaired before it could be read. Raises
    only LimitExceeded.
    """
    problems = ProblemCollector(limits, version)
    for code in repairs:
        problems.add(code, "/alert", element.line)
    grammar = GRAMMARS[version]
    fields = Fields(element, grammar.alert, "/alert", problems)
    children = fields.all("info")
    fields.bound("infos", len(children), limits.max_infos, element)
    _report_header(fields)
    sender, identifier, sent = _identity(fields)
    infos = InfoBuilder(grammar, AreaBuilder(grammar, problems), problems)
    return Alert(
        sender,
        identifier,
        sent,
        status=_essential(fields, "status", _STATUSES, "status-unusable") or Status.DRAFT,
        msg_type=_essential(fields, "msgType", _MSG_TYPES, "msg-type-unusable") or MsgType.ERROR,
        scope=_scope(fields),
        source=fields.prose("source"),
        restriction=fields.prose("restriction"),
        addresses=_list(fields, "addresses"),
        codes=fields.tokens("code"),
        note=fields.prose("note"),
        references=read_references(fields),
        incidents=_list(fields, "incidents"),
        infos=tuple(infos.build(child, index) for index, child in enumerate(children, 1)),
        version=version,
        signatures=len(fields.all("Signature")),
        line=element.line or None,
        lines=fields.lines,
        problems=problems.all(),
    )


def _report_header(fields: Fields) -> None:
    signatures = fields.all("Signature")
    if len(signatures) > 1:
        fields.report("signature-several", signatures[1], str(len(signatures)))
    if signatures and fields.problems.version is not Version.V1_2:
        fields.report("signature-version", signatures[0])
    for child in fields.all("password"):
        fields.report("password-dropped", child)


def _identity(fields: Fields) -> tuple[str, str, datetime | None]:
    sender, identifier = fields.token("sender") or "", fields.token("identifier") or ""
    sent = fields.time("sent")
    for name, value in (("sender", sender), ("identifier", identifier), ("sent", sent)):
        if not value:
            fields.report_missing("identity-missing", name, name)
    for name, value in (("sender", sender), ("identifier", identifier)):
        child = fields.first(name)
        if value and child is not None and child.text != child.text.strip():
            fields.report(f"{name}-characters", child, quote(child.text))
    return sender, identifier, sent


def _scope(fields: Fields) -> Scope:
    if fields.problems.version is Version.V1_0 and fields.first("scope") is None:
        return Scope.PUBLIC  # optional in CAP 1.0, where its absence means everybody
    return _essential(fields, "scope", _SCOPES, "scope-unusable") or Scope.PRIVATE


def _essential(fields: Fields, name: str, words: dict[str, Word], code: str) -> Word | None:
    """Returns a word that decides who may see the message; None, and an error under every policy, if it is
    missing.
    """
    child = fields.first(name)
    word = fields.word(child, words) if child is not None else None
    if word is None:
        fields.report_missing(code, name, quote(child.text) if child is not None else name)
    return word


def _list(fields: Fields, name: str) -> tuple[str, ...]:
    child, text = fields.first(name), fields.token(name)
    if text is None or child is None:
        return ()
    items, code = lexical.quoted_list(text)
    if code:
        fields.report(code, child, name)
    return items
