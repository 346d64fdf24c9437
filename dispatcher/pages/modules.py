"""Join JavaScript modules to one file: a visit then takes one request for all of them, and a service worker, which an
older browser cannot give modules, has what the page has. Pure.

The modules are written so that this is all it takes: each import stands on lines of its own and renames nothing, and no
two modules have the same name at their top.
"""

from __future__ import annotations

import re
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_IMPORT: Final = re.compile(r'^import \{\s*\w+(?:,\s*\w+)*,?\s*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:const|class|function)\b)", re.MULTILINE)
_LEFT: Final = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
_NAME: Final = re.compile(r"^(?:async )?(?:const|let|class|function)\*? (?:\{ *)?(\w+)", re.MULTILINE)


class ModulesDiffer(ValueError):
    """The modules are not written as this can join them; the message says where."""


def joined(modules: Mapping[str, str], entry: str) -> str:
    """Return the module `entry` with all that it imports, each before who imports it. Raises `ModulesDiffer`."""
    graph: dict[str, list[str]] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in modules:
            raise ModulesDiffer(f"there is no module {name}")
        if name not in graph:
            graph[name] = _IMPORT.findall(modules[name])
            waiting += graph[name]
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ModulesDiffer(f"modules import one another: {' '.join(error.args[1])}") from None
    parts = [_EXPORT.sub("", _IMPORT.sub("", modules[name])) for name in order]
    for name, part in zip(order, parts, strict=True):
        if left := _LEFT.search(part):
            raise ModulesDiffer(f"{name}: {left[0]}")
    twice = [name for name, times in Counter(_NAME.findall("\n".join(parts))).items() if times > 1]
    if twice:
        raise ModulesDiffer(f"more than one module has {', '.join(sorted(twice))}")
    return "\n".join(part.strip("\n") + "\n" for part in parts)
