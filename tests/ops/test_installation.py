"""The installation's commands name what there is: files of the checkout, units, settings."""

import re

import pytest

from dispatcher.settings import Settings
from tests.support.documents import ROOT, page

PAGES = ("installation.md", "installation.en.md")
CHECKOUT = "/opt/cap-dispatcher/"
UNIT = re.compile(r"\bcap-dispatcher-(?!\d)(?:[a-z]+)(?:@\d)?(?:\.timer)?(?![\w./-])")


def blocks(text: str) -> str:
    """All that is to be typed."""
    return "\n".join(re.findall(r"^```[^\n]*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))


def missing(text: str) -> list[str]:
    """What the commands of a page name and is not there."""
    typed = blocks(text)
    files = re.findall(rf"{CHECKOUT}([\w./@-]+)", typed)
    units = {
        re.sub(r"@\d", "@", name) + ("" if name.endswith(".timer") else ".service")
        for line in typed.splitlines()
        if line.startswith("systemctl ")
        for name in UNIT.findall(line)
    }
    settings = set(re.findall(r"\bWARN_[A-Z_]+(?=[=])", typed))
    known = {f"WARN_{name.upper()}{ending}" for name in Settings.model_fields for ending in ("", "_FILE")}
    return [
        *(file for file in files if not (ROOT / file).exists()),
        *sorted(unit for unit in units if not (ROOT / "ops" / "systemd" / unit).exists()),
        *sorted(settings - known - {"WARN_API_KEY"}),
    ]


@pytest.mark.parametrize("name", PAGES)
def test_the_installation_names_what_there_is(name: str) -> None:
    assert missing(page(name)) == []


def test_what_is_not_there_is_noticed() -> None:
    text = (
        "```\ncp /opt/cap-dispatcher/ops/apache/x.conf /etc/\nsystemctl start cap-dispatcher-all cap-dispatcher-worker@2\n"
        "echo WARN_COLOUR=red\ncp -r /opt/cap-dispatcher/ops/systemd/. /etc\n```"
    )
    assert missing(text) == ["ops/apache/x.conf", "cap-dispatcher-all.service", "WARN_COLOUR"]


@pytest.mark.parametrize("name", PAGES)
def test_no_command_depends_on_the_folder_in_which_it_is_given(name: str) -> None:
    """`cp ops/nginx/…` worked in the checkout alone, of which nobody had said to go there."""
    assert re.findall(r"(?<![\w/-])(?:ops|cap|dispatcher|tests)/\S+", blocks(page(name))) == []
