"""Shows a request without what may be a secret."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from channels.sms.http.templates import FormTemplate, JsonTemplate, TextTemplate

if TYPE_CHECKING:
    from channels.sms.http.provider import SmsGateway

HIDDEN: Final = "***"
_TELLING: Final = re.compile("auth|key|token|secret|pass|pwd|sign|user|account", re.IGNORECASE)
"""What members are called that hold a secret, where an operator wrote it into the template itself."""
_IN_QUERY: Final = re.compile("([?&][^=&]*=)[^&]+")


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
