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
    TemplateLimit,
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


async def limit_of(saving: Any) -> TemplateLimit:
    with pytest.raises(TooManyTemplatesError) as refused:
        await saving
    return refused.value.limit


async def test_who_has_saved_many_versions_of_a_template_keeps_nobody_else_from_it(
    templates: Templates, pool: Any, env: pytest.MonkeyPatch
) -> None:
    env.setattr(module, "OWN_VERSIONS_MAX", 2)
    for content in (b"1", b"2"):
        await templates.save(new(content), LANG)
    assert await limit_of(templates.save(new(b"3"), LANG)) is TemplateLimit.OWN_VERSIONS
    assert (await templates.save(new(b"2"), LANG)).repeated, "nothing is added"
    assert (await templates.save(new(b"3"), Actor("person:j.ott"))).version.version == 3
    assert (await templates.save(new(template_id="zweite"), LANG)).version.version == 1
    await pool.execute(
        "UPDATE template_version SET saved_at = saved_at - interval '7 days' WHERE version = 1"
    )
    assert (await templates.save(new(b"4"), LANG)).version.version == 4, "a week later"


async def test_there_is_an_end_to_how_many_templates_one_author_begins_at_once(
    templates: Templates, env: pytest.MonkeyPatch
) -> None:
    env.setattr(module, "OWN_TEMPLATES_MAX", 1)
    await templates.save(new(), LANG)
    assert await limit_of(templates.save(new(template_id="b"), LANG)) is TemplateLimit.OWN_TEMPLATES
    assert (await templates.save(new(b"2"), LANG)).version.version == 2
    assert (await templates.save(new(template_id="b"), Actor("person:j.ott"))).version.version == 1


async def test_there_is_an_end_to_how_many_templates_may_be_used_and_rubbish_is_none(
    templates: Templates, env: pytest.MonkeyPatch
) -> None:
    env.setattr(module, "TEMPLATES_MAX", 2)
    for name in ("a", "b"):
        await templates.save(new(template_id=name), LANG)
    assert await limit_of(templates.save(new(template_id="c"), LANG)) is TemplateLimit.TEMPLATES
    await templates.take(TemplateStep.REJECT, "a", 1, LANG, why="Unsinn")
    await templates.save(new(template_id="c"), LANG)
    assert await limit_of(templates.save(new(b"2", template_id="a"), LANG)) is TemplateLimit.TEMPLATES
    await templates.save(new(b"2", template_id="b"), LANG)
    for version in (1, 2):
        await templates.take(TemplateStep.RETIRE, "b", version, LANG, why="alt")
    assert (await templates.save(new(b"2", template_id="a"), LANG)).version.version == 2


async def test_the_record_takes_no_hash_that_is_not_of_the_content(templates: Templates) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await templates.save(new(sha256=b"0" * 32), UNNAMED_OPERATOR)
