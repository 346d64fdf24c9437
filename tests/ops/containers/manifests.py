"""What is wrong with what is said to containers: their commands, settings and secrets, held against the code."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # comes with myst-parser, of the extra `site`
from typer.main import get_command

from dispatcher.__main__ import app
from dispatcher.access.table import METRICS_ROUTES
from dispatcher.settings import BY_FILE, Settings, variables
from tests.support.documents import unknown_words

ROOT = Path(__file__).parents[3]
CONTAINER = ROOT / "ops" / "container"
ACCOUNT = 10001
OF_UVICORN = frozenset({"FORWARDED_ALLOW_IPS"})
"""What uvicorn reads of the environment: https://www.uvicorn.org/settings/"""
OF_SYSTEMD = frozenset({"CREDENTIALS_DIRECTORY"})
"""Where a passphrase may be read by its account's group: https://systemd.io/CREDENTIALS/"""
METRICS = 9101
"""Where the image has metrics and probes."""
PORTS = {name: Settings.model_fields[f"{name}_port"].default for name in ("api", "reading", "citizens")}


def documents_of(text: str) -> list[Any]:
    return [one for one in yaml.safe_load_all(text) if one is not None]


@cache
def known_settings() -> frozenset[str]:
    return frozenset(one.name for one in variables()) | OF_UVICORN | OF_SYSTEMD


def unknown_settings(names: Iterable[str]) -> list[str]:
    """Those that no process reads."""
    return sorted(set(names) - known_settings())


def in_the_clear(environment: Mapping[str, Any]) -> list[str]:
    """Secrets that are said in the environment, where everybody reads them who may look at a container."""
    return sorted(set(BY_FILE) & set(environment))


def not_understood(arguments: Sequence[str]) -> list[str]:
    """The words of a command line of `dispatcher` that it does not know."""
    return unknown_words(" ".join(arguments), get_command(app)) if arguments else ["nothing is started"]


def page() -> str:
    """What administrators read of containers."""
    return (ROOT / "ops/docs/containers.md").read_text("utf-8")


def run_within(text: str, by: str) -> list[str]:
    """The command lines of `dispatcher` that a page has run in a container: what stands behind `by`."""
    return re.findall(rf"{by} dispatcher (.+)", text.replace("\\\n", ""))


def no_probe(path: str) -> bool:
    """Whether nothing answers at the port of metrics to what is asked."""
    return f"GET {path}" not in METRICS_ROUTES


def within(value: object) -> Iterator[Mapping[str, Any]]:
    """All objects of a document, at whatever depth."""
    if isinstance(value, Mapping):
        yield value
    for one in (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    ):
        yield from within(one)
