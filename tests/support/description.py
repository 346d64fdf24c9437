"""Holds what the service answers against its own description: `/v1/openapi.json` is a claim, and every test of the API
checks it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import jsonschema_rs

PROBLEM = "application/problem+json"
DESCRIBED_HEADERS = frozenset({"etag", "last-modified", "location", "retry-after", "www-authenticate"})
"""The headers that mean something to a client of a route, so that the description has to name them."""
BEFORE_ANY_ROUTE = frozenset({431, 503})
"""What the server answers without a body, before it knows the route."""


class Description:
    """The document, and where answers differ from it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._validators: dict[str, Any] = {}

    @cached_property
    def _closed(self) -> Any:
        """The schemas with no member beside those described: what a client may meet later is no excuse for us."""
        return _closed(self.document["components"]["schemas"])

    @cached_property
    def _paths(self) -> list[tuple[Any, dict[str, Any]]]:
        # What has a parameter comes last: it seems to match others.
        found = sorted(self.document["paths"].items(), key=lambda item: ("{" in item[0], item[0]))
        return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), item) for path, item in found]

    def operation(self, method: str, target: str) -> dict[str, Any] | None:
        """Return the operation of a request, or None where the description has none."""
        path = target.partition("?")[0]
        item = next((item for pattern, item in self._paths if pattern.fullmatch(path)), {})
        found: dict[str, Any] | None = item.get(method.lower())
        return found

    def faults(
        self, method: str, target: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> list[str]:
        """Return in which ways an answer is not as described."""
        operation = self.operation(method, target)
        if operation is None or (status in BEFORE_ANY_ROUTE and not body):
            return []
        response = operation["responses"].get(str(status))
        if response is None:
            return [f"{method} {target}: {status} is not described: {body[:300]!r}"]
        found = list(_of_headers(response, {name.lower() for name in headers}))
        media_type = headers.get("content-type", "").partition(";")[0]
        if not body and "content" not in response:
            pass  # 204 and 304
        elif media_type not in response.get("content", {}):
            found.append(f"{media_type or 'no media type'} is not described")
        elif media_type.endswith("json") and not media_type.endswith("ndjson"):
            found += self._of_body(response["content"][media_type]["schema"], body)
        return [f"{method} {target}: {status}: {fault}" for fault in found]

    def _of_body(self, schema: dict[str, Any], body: bytes) -> Iterator[str]:
        yield from self.differences(schema, json.loads(body))

    def differences(self, schema: dict[str, Any], value: Any) -> list[str]:
        """Return where a value differs from a schema of the description, or has a member that it does not name."""
        name = json.dumps(schema, sort_keys=True)
        if name not in self._validators:
            whole = {**_closed(schema), "components": {"schemas": self._closed}}
            self._validators[name] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        errors = self._validators[name].iter_errors(value)
        return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in errors]


def _of_headers(response: dict[str, Any], sent: set[str]) -> Iterator[str]:
    described = {name.lower(): header for name, header in response.get("headers", {}).items()}
    for name in sorted((sent & DESCRIBED_HEADERS) - set(described)):
        yield f"the header {name} is not described"
    for name, header in described.items():
        if header.get("required") and name not in sent:
            yield f"the header {name} is missing"


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    closed = {name: _closed(value) for name, value in node.items()}
    if isinstance(node.get("properties"), dict) and "type" in node:
        closed.setdefault("additionalProperties", False)
    return closed
