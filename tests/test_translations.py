"""Operators' pages, and the installation, say the same in German and in English."""

import json
import re

import pytest

from tests.ops.expressions import DASHBOARDS
from tests.support.documents import DOCS
from tests.support.translations import Pages, code, differences, language, sections, strays, topic, twin_of

OPERATORS = frozenset(
    {
        "canary",
        "failover",
        "for-operators",
        "installation",
        "on-duty",
        "operators-desk",
        "runbooks",
        "traces",
    }
)
"""What is read at night by whoever is called, and what a service is installed by: decision 0122."""
PARTS = {"de": ["Bedeutung", "Ansehen", "Tun"], "en": ["Meaning", "Look", "Do"]}


@pytest.fixture(scope="module")
def pages() -> Pages:
    return {path.name: path.read_text("utf-8") for path in DOCS.glob("*.md")}


@pytest.fixture(scope="module")
def panels() -> set[str]:
    return {panel["title"] for path in DASHBOARDS for panel in json.loads(path.read_bytes())["panels"]}


def test_every_page_of_operators_is_there_in_both_languages(pages: Pages) -> None:
    twins = {topic(name) for name in pages if name.count(".") > 1}
    assert twins == OPERATORS
    for subject in OPERATORS:
        assert {language(name, pages) for name in pages if topic(name) == subject} == {"de", "en"}


@pytest.mark.parametrize("subject", sorted(OPERATORS))
def test_both_languages_have_the_same(subject: str, pages: Pages, panels: set[str]) -> None:
    assert differences(f"{subject}.md", pages, panels) == []


@pytest.mark.parametrize("subject", sorted(OPERATORS))
def test_each_language_leads_to_the_other_and_else_stays_by_itself(subject: str, pages: Pages) -> None:
    for name in (f"{subject}.md", twin_of(f"{subject}.md", pages) or ""):
        assert f"]({twin_of(name, pages)})*\n" in pages[name].split("\n\n")[1] + "\n"
        assert strays(name, pages) == []


def test_every_alarm_has_its_three_parts_in_both_languages(pages: Pages) -> None:
    for name in ("runbooks.md", "runbooks.en.md"):
        alarms = [section for section in sections(pages[name]) if section.is_alarm]
        assert len(alarms) > 40
        for alarm in alarms:
            parts = re.findall(r"^\*\*(\w+)\.\*\*", alarm.text, re.MULTILINE)
            assert parts == PARTS[language(name, pages) or ""], (name, alarm.title)


GERMAN = """# Was zu tun ist

*[In English](it.en.md)*

## DispatcherA

**Ansehen.** „Prozesse“. [oben](#der-rest), [unten](#dispatcherb). `dispatcher held show NUMMER`.

```sh
dispatcher up --port 80  # alles
```

1. Erst.
2. Dann.

## DispatcherB

`<prozess>`

## Der Rest
"""
ENGLISH = """# What to do

*[Auf Deutsch](it.md)*

## DispatcherA

**Look.** „Prozesse“ (processes). [above](#the-rest), [below](#dispatcherb). `dispatcher held show
NUMBER`.

```sh
dispatcher up --port 80  # all
```

1. First.
2. Then.

## DispatcherB

`<process>`

## The rest
"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("# What", "# What", []),
        (
            "## DispatcherB",
            "## DispatcherC",
            ["it.en.md: lacks the section DispatcherB", "it.md: lacks the section DispatcherC"],
        ),
        ("„Prozesse“", "Processes", ["it.en.md, DispatcherA: lacks the panel Prozesse"]),
        (
            "held show",
            "held list",
            [
                "it.en.md, DispatcherA: lacks the code dispatcher held show X",
                "it.md, DispatcherA: lacks the code dispatcher held list X",
            ],
        ),
        (
            "--port 80",
            "--port 90",
            [
                "it.en.md, DispatcherA: lacks the code dispatcher up --port 80",
                "it.md, DispatcherA: lacks the code dispatcher up --port 90",
            ],
        ),
        ("[above](#the-rest)", "above", ["it.en.md, DispatcherA: lacks the link it, section 3"]),
        (
            "2. Then.\n",
            "",
            [
                "it.en.md, DispatcherA: lacks the number of steps: 2",
                "it.md, DispatcherA: lacks the number of steps: 1",
            ],
        ),
        (
            "## The rest",
            "",
            [
                (
                    "headings do not answer to each other: it.md ['Was zu tun ist', 'DispatcherA', 'DispatcherB', "
                    "'Der Rest'] and it.en.md ['What to do', 'DispatcherA', 'DispatcherB']"
                ),
            ],
        ),
    ],
)
def test_what_one_language_lacks_is_named(before: str, after: str, said: list[str]) -> None:
    assert before in ENGLISH
    found = differences("it.md", {"it.md": GERMAN, "it.en.md": ENGLISH.replace(before, after)}, {"Prozesse"})
    assert [sentence for sentence in found if "#dispatcherb" not in sentence] == said


def test_alarms_in_another_order_are_noticed() -> None:
    turned = (
        ENGLISH.replace("DispatcherA", "D")
        .replace("DispatcherB", "DispatcherA")
        .replace("## D\n", "## DispatcherB\n")
    )
    found = differences("it.md", {"it.md": GERMAN, "it.en.md": turned}, set())
    assert found == ["it.en.md: its alarms are in another order than those of it.md"]


def test_a_page_in_one_language_and_a_link_into_the_other_are_noticed() -> None:
    assert differences("it.md", {"it.md": GERMAN}, set()) == ["it: only it.md, no page in the other language"]
    there = {
        "it.md": GERMAN,
        "it.en.md": ENGLISH,
        "x.md": "# X\n",
        "x.en.md": "# X\n\n[a](it.md) [b](it.en.md)\n",
    }
    assert strays("x.en.md", there) == ["x.en.md: leads to it.md, which is there as it.en.md"]
    assert strays("it.md", there) == []


def test_what_is_typed_is_told_from_what_is_translated() -> None:
    assert code("`a NUMMER` `WARN_X` `/p/<prozess>.json`\n```\nup \\\n  --at 3  # so\n```\n") == {
        "a X",
        "WARN_X",
        "/p/<…>.json",
        "up --at 3",
    }
