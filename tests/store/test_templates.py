"""Versions of templates in the record: they are added, decided upon once, and never changed."""

import asyncio
from dataclasses import replace
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

import dispatcher.store.templates as module
from dispatcher.access.principals import UNNAMED_OPERATOR, Actor
from dispatcher.model.templates.version import (
    NewTemplateVersion,
    TemplateRefusal,
    TemplateState,
    TemplateStep,
    TooManyTemplatesError,
)
from dispatcher.store import audit
from dispatcher.store.templates import Templates

LANG = Actor("person:b.lang")


def new(content: bytes = b"{}", **changes: Any) -> NewTemplateVersion:
    one = NewTemplateVersion("hochwasser", "Hochwasser", content, sha256(content).digest(), author="m.keller")
    return replace(one, **changes)


@pytest.fixture
def templates(pool: Any) -> Templates:
    return Templates(pool)


async def test_versions_are_counted_and_the_same_content_is_no_new_one(templates: Templates) -> None:
    first = await templates.save(new(), UNNAMED_OPERATOR)
    again = await templates.save(new(), UNNAMED_OPERATOR)
    second = await templates.save(new(b"{ }"), UNNAMED_OPERATOR)
    assert [(one.version.version, one.repeated) for one in (first, again, second)] == [
        (1, False),
        (1, True),
        (2, False),
    ]
    assert (first.version.authors, first.version.state) == (("m.keller",), TemplateState.DRAFT)
    assert [one.content for one in await templates.versions("hochwasser")] == [b"{}", b"{ }"]
    assert {name: [one.version for one in found] for name, found in (await templates.all()).items()} == {
        "hochwasser": [1, 2]
    }


async def test_what_was_rejected_may_be_saved_again(templates: Templates) -> None:
    await templates.save(new(), UNNAMED_OPERATOR)
    await templates.take(TemplateStep.REJECT, "hochwasser", 1, LANG, person="b.lang", why="falsch")
    assert (await templates.save(new(), UNNAMED_OPERATOR)).version.version == 2


async def test_with_a_key_that_is_nobodys_all_of_its_centre_may_have_written_it(
    templates: Templates, pool: Any, sources: Any
) -> None:
    del sources
    await pool.execute(
        "INSERT INTO person (id, environment, source_id) VALUES ('a.desk', 'live', 'leitstelle')"
    )
    saved = await templates.save(new(author="", source_id="leitstelle"), Actor("source:leitstelle"))
    assert saved.version.authors == ("a.desk",)


async def test_an_approval_is_of_what_was_seen_by_another_person_once(
    templates: Templates, pool: Any
) -> None:
    version = (await templates.save(new(), UNNAMED_OPERATOR)).version

    async def approve(person: str, seen: bytes = version.sha256) -> TemplateRefusal | None:
        by = Actor(f"person:{person}")
        return (
            await templates.take(TemplateStep.APPROVE, "hochwasser", 1, by, person=person, seen=seen)
        ).refusal

    assert await approve("m.keller") is TemplateRefusal.OWN
    assert await approve("b.lang", b"other") is TemplateRefusal.NOT_SEEN
    assert sorted(map(str, await asyncio.gather(approve("b.lang"), approve("j.ott")))) == ["None", "decided"]
    (found,) = await templates.versions("hochwasser")
    assert (found.state, found.decided_by in {"person:b.lang", "person:j.ott"}) == ("approved", True)
    trail = [
        (line.action, line.detail.get("refusal")) for line in await audit.listed(pool, 9, action="template")
    ]
    assert sorted(map(str, trail)) == sorted(
        map(
            str,
            [
                ("template.save", None),
                ("template.refused", "own"),
                ("template.refused", "not_seen"),
                ("template.approve", None),
                ("template.refused", "decided"),
            ],
        )
    )


async def test_it_is_retired_with_a_reason_and_then_nothing_more_is_decided(templates: Templates) -> None:
    await templates.save(new(), UNNAMED_OPERATOR)
    taken = await templates.take(TemplateStep.RETIRE, "hochwasser", 1, LANG, why="alt")
    assert taken.version is not None
    assert (taken.version.state, taken.version.retired_why, taken.version.retired_by) == (
        "retired",
        "alt",
        LANG,
    )
    late = await templates.take(TemplateStep.REJECT, "hochwasser", 1, LANG, why="x")
    none = await templates.take(TemplateStep.RETIRE, "hochwasser", 7, LANG, why="x")
    assert (late.refusal, none.refusal, none.version) == ("decided", "none_there", None)


async def test_there_is_an_end_to_how_many_are_kept(templates: Templates, env: pytest.MonkeyPatch) -> None:
    env.setattr(module, "TEMPLATES_MAX", 2)
    env.setattr(module, "VERSIONS_MAX", 2)
    for content in (b"1", b"2"):
        await templates.save(new(content), UNNAMED_OPERATOR)
    with pytest.raises(TooManyTemplatesError):
        await templates.save(new(b"3"), UNNAMED_OPERATOR)
    await templates.save(new(template_id="zweite"), UNNAMED_OPERATOR)
    with pytest.raises(TooManyTemplatesError):
        await templates.save(new(template_id="dritte"), UNNAMED_OPERATOR)


async def test_the_record_takes_no_hash_that_is_not_of_the_content(templates: Templates) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await templates.save(new(sha256=b"0" * 32), UNNAMED_OPERATOR)
