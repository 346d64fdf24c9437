"""What the privacy page says of tables, times, settings and commands is what the service has."""

import importlib
import re
from datetime import timedelta

import pytest

from dispatcher.access.permissions import GRANTS, Permission
from dispatcher.settings import variables
from tests.support import documents

WORDS = {"minutes": ("Minute", "Minuten"), "hours": ("Stunde", "Stunden"), "days": ("Tag", "Tage")}
"""German for one, and for several."""
SPAN = re.compile(r"interval '(\d+) (minute|hour|day)s?'")
KEEPS = re.compile(r"KEPT|RETENTION|FORGET|ERASE|SESSION_|_DAYS$")
"""What the name of a setting has in it that says how long something is kept."""


@pytest.fixture(scope="module")
def page() -> str:
    return documents.page("privacy.md")


def tables_of(page: str) -> tuple[list[str], set[str]]:
    """The tables that have something of people, in the page's order, and those of which it says that they have not."""
    text = documents.section(page, "## Was in welcher Tabelle steht")
    _, _, others = text.partition("Keine Angaben über Personen haben die übrigen Tabellen:")
    assert others
    return [documents.quoted(row[0])[0] for row in documents.rows(text)], set(
        documents.quoted(others.partition("Alle zusammen")[0])
    )


def test_every_table_is_either_with_or_without_people(page: str) -> None:
    personal, others = tables_of(page)
    assert personal == sorted(set(personal))
    assert not set(personal) & others
    assert set(personal) | others == documents.created_tables(documents.migrations())


def test_what_the_data_model_calls_personal_is_so_here(page: str) -> None:
    rows = documents.rows(documents.section(documents.page("data-model.md"), "## Tables"))
    marked = {documents.quoted(row[0])[0] for row in rows if "Personal data" in row[1]}
    assert len(marked) > 5
    assert marked <= set(tables_of(page)[0])


def sealed_columns(sql: str) -> set[str]:
    """The tables with a column for what is sealed."""
    made = re.findall(r"CREATE (?:UNLOGGED )?TABLE (\w+) \((.*?)\n\s*\)", sql, flags=re.DOTALL)
    added = re.findall(r"ALTER TABLE (\w+)((?:(?!ALTER TABLE)[^;])*?)ADD COLUMN sealed bytea", sql)
    return {
        name for name, columns in made if re.search(r"^\s*sealed +bytea", columns, flags=re.MULTILINE)
    } | {name for name, _ in added}


def test_what_is_sealed_says_so(page: str) -> None:
    text = documents.section(page, "## Was in welcher Tabelle steht")
    said = {documents.quoted(row[0])[0] for row in documents.rows(text) if "versiegelt" in row[2]}
    personal, others = tables_of(page)
    there = sealed_columns(documents.migrations())
    assert there >= {"subscription", "message_location", "person_endpoint"}
    assert said == there & set(personal)
    assert there - said <= others, "keys of the service and of apps, which are nobody's"


def test_settings_that_say_how_long_are_named_with_their_default(page: str) -> None:
    rows = documents.rows(documents.section(page, "## Wie lange"))
    said = {name: row[1] for row in rows for name in documents.quoted(row[0])}
    there = {one.name: str(one.default) for one in variables() if KEEPS.search(one.name)}
    assert "WARN_ENDED_KEPT_DAYS" in there
    assert said == there


def german(text: str) -> timedelta:
    """The length of time that the page says."""
    number, word = text.split()
    [unit] = [unit for unit, forms in WORDS.items() if forms[number != "1"] == word]
    return timedelta(**{unit: int(number)})


def span_of(dotted: str) -> timedelta:
    """The length of time that a constant is, or that stands in its statement. Raises ValueError where there is none."""
    module, _, name = dotted.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    if isinstance(value, timedelta):
        return value
    [(number, unit)] = SPAN.findall(value)
    return timedelta(**{f"{unit}s": int(number)})


def times_of(page: str) -> list[tuple[str, str]]:
    """What the page says of times that no setting changes, and where each stands in the code."""
    rows = documents.rows(documents.section(page, "## Wie lange"))
    return [(row[1], row[2].strip("`")) for row in rows if row[2].startswith("`dispatcher.")]


def wrong(said: str, where: str) -> bool:
    return german(said) != span_of(where)


def test_times_are_those_of_the_code(page: str) -> None:
    times = times_of(page)
    assert len(times) > 6
    assert [time for time in times if wrong(*time)] == []


def test_a_time_that_is_another_is_noticed() -> None:
    where = "dispatcher.store.audience.ends.FOLLOW_UP_MOST"
    assert not wrong("30 Tage", where)
    assert wrong("29 Tage", where)
    assert wrong("2 Tage", "dispatcher.store.numbers.sms_codes.DAY")
    assert span_of("dispatcher.store.delivery.reports._FORGET") == timedelta(days=14)
    with pytest.raises(ValueError, match="unpack"):
        span_of("dispatcher.store.audience.ends._ENDED")


def test_a_person_is_found_by_the_commands_that_may(page: str) -> None:
    text = documents.section(page, "## Wie jemand zu seinem Recht kommt")
    by = {Permission.READ_SUBSCRIBERS, Permission.ERASE_SUBSCRIBERS}
    commands = {command for grant in GRANTS if grant.permission in by for command in grant.commands}
    assert commands
    assert commands <= set(documents.command_lines(text))


def test_it_says_that_it_is_a_draft_and_no_advice(page: str) -> None:
    head = " ".join(page.partition("\n## ")[0].split())
    assert "Entwurf von Ingenieuren und keine Rechtsberatung" in head
    for article in ("13", "30", "35", "26", "44"):
        assert re.search(rf"^## Entwurf: .*\(Artikel {article}\b", page, flags=re.MULTILINE), article
