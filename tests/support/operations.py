"""All that the API can be asked, by its own description: for what must hold of every route."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dispatcher.api.public.answering import PREFIXES
from tests.support.messages import DUEREN

PLACES = {"municipalities": DUEREN, "districts": DUEREN[:5]}
"""A `key`, by the word of the path before it."""
VALUES = {"provider": "mowas"}
"""Parameters whose examples the description has elsewhere."""


@dataclass(frozen=True)
class Operation:
    """A method of a path, as the description has it."""

    method: str
    path: str
    """With its parameters in braces."""
    described: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether it lies under the paths that take no key."""
        return self.path.startswith(PREFIXES)

    @property
    def needs_key(self) -> bool:
        """Whether some key or token opens it."""
        return bool(self.described.get("security"))

    def target(self, **values: str) -> str:
        """Its path with these parameters, what is missing by the description's own examples; and with all of the query
        that is asked for.
        """
        filled = re.sub(r"(\w+)/\{key\}", lambda found: f"{found[1]}/{PLACES[found[1]]}", self.path)
        query = []
        for one in self.described.get("parameters", ()):
            name = one["name"]
            value = values.get(name) or VALUES.get(name) or _example(one)
            if one["in"] == "path":
                filled = filled.replace(f"{{{name}}}", value)
            elif one["in"] == "query" and one.get("required"):
                query.append(f"{name}={value}")
        assert "{" not in filled, filled
        return f"{filled}?{'&'.join(query)}" if query else filled


def _example(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    examples = parameter.get("examples") or schema.get("examples") or schema.get("enum")
    if isinstance(examples, Mapping):
        examples = [one["value"] for one in examples.values()]
    return str(parameter.get("example") or (examples or ["x"])[0])


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Yield all operations of a description."""
    for path, item in document["paths"].items():
        for method, described in item.items():
            yield Operation(method.upper(), path, described)
