"""Checks what the standard says in prose and no schema can express; each function yields the breaches that it finds."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cap.findings import Problem
from cap.model import Alert, Area, Info, Resource
from cap.parse.problems import quote
from cap.rules.visual_spoofing import spoofing_problems
from cap.vocabulary import MsgType, ResponseType, Scope, Status

# Characters that §3.2.1 forbids in identifier and sender.
_FORBIDDEN: Final = re.compile(r"[\s,<&]")
# A SHA-1 value in hexadecimal or, as some senders write it, in base64.
_SHA1: Final = re.compile(r"[0-9a-fA-F]{40}|[A-Za-z0-9+/]{27}=")
# A media type: the names of RFC 6838 §4.2, and parameters.
_MIME: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(?:\s*;.*)?")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*+={0,2}")
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")
_HEADLINE: Final = 160  # characters that displays with limited space show (§3.2.2)
_ACTS_ON_OTHERS: Final = frozenset({MsgType.UPDATE, MsgType.CANCEL, MsgType.ACK, MsgType.ERROR})
_NEVER_IN_FORCE: Final = frozenset({MsgType.CANCEL, MsgType.ACK, MsgType.ERROR})
_EXPECTED_WITH_INFO: Final = frozenset({MsgType.ALERT, MsgType.UPDATE})


def conditions(alert: Alert) -> Iterator[Problem]:
    """Yields every breach of the prose, in document order within each rule."""
    for rule in _ALERT_RULES:
        yield from rule(alert)
    for index, info in enumerate(alert.infos, 1):
        path = f"/alert/info[{index}]"
        yield from _info(alert, info, path)
        for number, resource in enumerate(info.resources, 1):
            yield from _resource(resource, f"{path}/resource[{number}]")
        for number, area in enumerate(info.areas, 1):
            if area.altitude_ft is not None or area.ceiling_ft is not None or not area.geocodes:
                yield from _area(area, f"{path}/area[{number}]")


def _at(path: str, lines: Mapping[str, int], line: int | None, name: str) -> tuple[str, int | None]:
    return f"{path}/{name}", lines.get(name) or line


def _is_reported(alert: Alert, code: str) -> bool:
    """Whether reading already reported this code: a word in place of an unreadable one has no consequences."""
    return any(problem.code == code for problem in alert.problems)


def _names(alert: Alert) -> Iterator[Problem]:
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        if _FORBIDDEN.search(value):
            yield Problem(f"{name}-characters", *_at("/alert", alert.lines, alert.line, name), quote(value))


def _audience(alert: Alert) -> Iterator[Problem]:
    if _is_reported(alert, "scope-unusable"):
        return
    restriction = _at("/alert", alert.lines, alert.line, "restriction")
    if alert.scope is Scope.RESTRICTED and not alert.restriction:
        yield Problem("restriction-missing", *restriction)
    if alert.scope is not Scope.RESTRICTED and alert.restriction:
        yield Problem("restriction-unused", *restriction)
    if alert.scope is Scope.PRIVATE and not alert.addresses:
        yield Problem("addresses-missing", *_at("/alert", alert.lines, alert.line, "addresses"))


def _references(alert: Alert) -> Iterator[Problem]:
    place = _at("/alert", alert.lines, alert.line, "references")
    if (
        alert.msg_type in _ACTS_ON_OTHERS
        and not alert.references
        and not _is_reported(alert, "msg-type-unusable")
    ):
        yield Problem("references-missing", *place, alert.msg_type)
    if alert.msg_type is MsgType.ALERT and alert.references:
        yield Problem("references-unneeded", *place)
    seen = set()
    for reference in alert.references:
        key = (reference.sender, reference.identifier, reference.sent)
        if key == alert.identity:
            yield Problem("reference-self", *place)
        elif reference.sent and alert.sent and reference.sent > alert.sent:
            yield Problem("reference-postdated", *place, quote(reference.identifier))
        if key in seen:
            yield Problem("reference-repeated", *place, quote(reference.identifier))
        seen.add(key)


def _explanations(alert: Alert) -> Iterator[Problem]:
    place = _at("/alert", alert.lines, alert.line, "note")
    if alert.note:
        return
    if alert.status is Status.EXERCISE:
        yield Problem("note-missing", *place, alert.status)
    if alert.msg_type is MsgType.ERROR and not _is_reported(alert, "msg-type-unusable"):
        yield Problem("note-missing", *place, alert.msg_type)


def _content(alert: Alert) -> Iterator[Problem]:
    if not alert.infos and alert.msg_type in _EXPECTED_WITH_INFO:
        yield Problem("info-missing", "/alert", alert.line)


_ALERT_RULES: Final[tuple[Callable[[Alert], Iterator[Problem]], ...]] = (
    _names,
    _audience,
    _references,
    _explanations,
    _content,
)


def _info(alert: Alert, info: Info, path: str) -> Iterator[Problem]:
    yield from _info_times(alert, info, path)
    if info.language is None and "language" not in info.lines:
        yield Problem("language-missing", path, info.line)
    if info.headline and len(info.headline) > _HEADLINE:
        yield Problem("headline-long", *_at(path, info.lines, info.line, "headline"), str(len(info.headline)))
    if info.web and not _ABSOLUTE.fullmatch(info.web):
        yield Problem("uri-relative", *_at(path, info.lines, info.line, "web"), quote(info.web))
    if not info.areas:
        yield Problem("area-missing", path, info.line)
    yield from spoofing_problems(info, path)


def _gives_all_clear(alert: Alert, info: Info) -> bool:
    return alert.msg_type is MsgType.UPDATE and ResponseType.ALL_CLEAR in info.response_types


def _info_times(alert: Alert, info: Info, path: str) -> Iterator[Problem]:
    if info.expires is None:
        return
    place = _at(path, info.lines, info.line, "expires")
    in_force = alert.msg_type not in _NEVER_IN_FORCE and not _gives_all_clear(alert, info)
    if in_force and alert.sent and info.expires <= alert.sent:
        yield Problem("expires-before-sent", *place)
    if info.onset and info.expires < info.onset:
        yield Problem("expires-before-onset", *place)
    if info.effective and info.expires <= info.effective:
        yield Problem("expires-before-effective", *place)


def _resource(resource: Resource, path: str) -> Iterator[Problem]:
    lines, line = resource.lines, resource.line
    if not resource.uri and not resource.deref_uri:
        yield Problem("resource-no-content", path, line)
    if resource.uri and not resource.deref_uri and not _ABSOLUTE.fullmatch(resource.uri):
        yield Problem("uri-relative", *_at(path, lines, line, "uri"), quote(resource.uri))
    if resource.deref_uri and not _is_base64(resource.deref_uri):
        yield Problem("resource-deref-uri", *_at(path, lines, line, "derefUri"))
    if resource.digest and not _SHA1.fullmatch(resource.digest):
        yield Problem("resource-digest", *_at(path, lines, line, "digest"))
    if resource.mime_type and not _MIME.fullmatch(resource.mime_type):
        yield Problem("resource-mime-type", *_at(path, lines, line, "mimeType"), quote(resource.mime_type))
    if resource.size is not None and resource.size < 0:
        yield Problem("resource-size", *_at(path, lines, line, "size"))


def _is_base64(text: str) -> bool:
    """Whether it is base64 of RFC 2045 §6.8, line breaks included; it is never decoded here."""
    packed = "".join(text.split())
    return len(packed) % 4 == 0 and bool(_BASE64.fullmatch(packed))


def _area(area: Area, path: str) -> Iterator[Problem]:
    altitude, ceiling = area.altitude_ft, area.ceiling_ft
    if ceiling is not None and (altitude is None or ceiling < altitude):
        code = "ceiling-without-altitude" if altitude is None else "ceiling-below-altitude"
        yield Problem(code, *_at(path, area.lines, area.line, "ceiling"))
    if not (area.polygons or area.circles or area.geocodes or area.unreadable):
        yield Problem("area-desc-only", path, area.line)
