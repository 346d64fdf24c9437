"""Shows a request, and what is answered to it, without what may be a secret."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus, unquote

from channels.sms.http.templates import FormTemplate, JsonTemplate, TextTemplate
from channels.sms.trial import base64_middles, without_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.sms.http.provider import SmsGateway

HIDDEN: Final = "***"
_TELLING: Final = re.compile("auth|key|token|secret|pass|pwd|sign|user|account", re.IGNORECASE)
"""What members are called that hold a secret, where an operator wrote it into the template itself."""
_IN_QUERY: Final = re.compile("([?&][^=&]*=)[^&]+")
_GUESSED_MIN: Final = 4
"""Characters from which on what may be a secret is hidden in an answer: a shorter one (`v=2`) stands in each."""


def disguised(gateway: SmsGateway) -> SmsGateway:
    """Return the gateway with stars in place of all that is a secret, or may be one by its name or its place."""
    request = gateway.request
    constants = {name: value if name == "sender" else HIDDEN for name, value in gateway.constants.items()}
    return replace(
        gateway,
        url=TextTemplate(
            tuple((_IN_QUERY.sub(rf"\1{HIDDEN}", literal), name) for literal, name in gateway.url.pieces)
        ),
        request=replace(
            request,
            body=_body(request.body),
            query=_form(request.query),
            headers=_form(request.headers),
        ),
        constants=constants,
        added=tuple((name, HIDDEN) for name, _ in gateway.added),
        report_url=HIDDEN if gateway.report_url else "",
    )


def _body(body: Any) -> Any:
    if isinstance(body, JsonTemplate):
        return replace(body, node=_node("", body.node))
    return _form(body) if isinstance(body, FormTemplate) else body


def _form(form: FormTemplate) -> FormTemplate:
    return FormTemplate(tuple((name, _node(name, template)) for name, template in form.members))


def _node(name: str, node: Any) -> Any:
    """Return a member of a template, with stars for its literal text where its name tells that it is a secret."""
    if isinstance(node, dict):
        return {key: _node(key, value) for key, value in node.items()}
    if isinstance(node, list):
        return [_node(name, item) for item in node]
    if not _TELLING.search(name):
        return node
    # With a placeholder the secret is in its place, and starred there.
    return node if isinstance(node, TextTemplate) and node.names else TextTemplate.literal(HIDDEN)


def concealed(text: str, gateway: SmsGateway, number: str, client_ref: str) -> str:
    """Return an answer's text with stars for the gateway's secrets, and most of the number: a provider that does not
    understand a request may send it back. They are hidden as they are and as URLs, JSON, HTML and Base64 write them.
    """
    given = {str(value) for name, value in gateway.constants.items() if name != "sender" and value}
    given |= {value for _, value in gateway.added}
    guessed = {one for one in _guessed(gateway, client_ref) if len(one) >= _GUESSED_MIN}
    forms = {form for secret in given | guessed for form in _forms(secret)}
    if forms:
        longest_first = "|".join(sorted(forms, key=len, reverse=True))
        text = re.sub(longest_first, HIDDEN, text, flags=re.IGNORECASE)
    return without_number(text, number)


def _guessed(gateway: SmsGateway, client_ref: str) -> Iterator[str]:
    """Yield what may be a secret, by its place or its name."""
    for _, value in gateway.added:
        scheme, _, credentials = value.partition(" ")
        yield credentials
        if scheme.lower() == "basic":
            yield from _of_basic(credentials)
    report_url = gateway.report_url.replace("{client_ref}", client_ref)
    yield report_url
    for url in (report_url, *(literal for literal, _ in gateway.url.pieces)):
        for value in (*re.findall("[?&][^=&]*=([^&#]+)", url), *re.findall("://[^/@]*?:([^/@]+)@", url)):
            if value != client_ref:
                yield from (value, unquote(value))
    request = gateway.request
    body = request.body
    yield from _literals("", body.node if isinstance(body, JsonTemplate) else {})
    for form in (request.query, request.headers, body if isinstance(body, FormTemplate) else FormTemplate()):
        yield from _literals("", dict(form.members))


def _of_basic(credentials: str) -> Iterator[str]:
    try:
        user, _, password = b64decode(credentials).decode().partition(":")
    except ValueError:
        return
    yield from (user, password)


def _literals(name: str, node: Any) -> Iterator[str]:
    """Yield the literal texts that `_node` puts stars for."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _literals(key, value)
    elif isinstance(node, list):
        for item in node:
            yield from _literals(name, item)
    elif _TELLING.search(name) and not (isinstance(node, TextTemplate) and node.names):
        text = str(node.fill({})) if isinstance(node, TextTemplate) else str(node)
        yield from (text, text.partition(" ")[2])


def _forms(secret: str) -> Iterator[str]:
    """Yield patterns for a secret as texts write it. A short one counts where it is a word of its own."""
    if len(secret) < _GUESSED_MIN:
        yield rf"(?<!\w){re.escape(secret)}(?!\w)"
        return
    written = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), escape(secret)}
    written |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    written |= {form.replace("/", "\\/") for form in written}
    for form in written:
        yield from base64_middles(form)
    # An address within an address, as a report of it is.
    written |= {again for form in written for again in (quote(form), quote(form, safe=""), quote_plus(form))}
    yield from map(re.escape, written)
