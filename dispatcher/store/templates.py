"""Record versions of templates and what is decided about them; nothing is ever changed. Read both back."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dispatcher.model.templates.version import (
    TemplateLimit,
    TemplateRefusal,
    TemplateStep,
    TemplateVersion,
    TooManyTemplatesError,
    last_approved,
    refusal_of,
)
from dispatcher.store import audit
from dispatcher.store.alerts.approvals import persons_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.access.principals import Actor
    from dispatcher.model.templates.version import NewTemplateVersion
    from dispatcher.store.record import Connection, Pool

TEMPLATES_MAX: Final = 200
"""Templates in a record with a version that is a draft or approved: more than anybody finds one among. Where they are
mostly somebody's rubbish, approvers reject that, and there is room again."""
OWN_VERSIONS_MAX: Final = 50
"""Versions of one template that the same author saves in `LATELY`. They are kept for good; a limit for all together
would let one author keep everybody else from saving."""
OWN_TEMPLATES_MAX: Final = 50
"""Templates that the same author begins in `LATELY`: some more than a district has."""
LATELY: Final = timedelta(days=7)
_VERSION: Final = """
SELECT v.template_id, v.version, v.title, v.content, v.sha256, v.authors, v.saved_by, v.saved_at,
  d.decision, d.decided_by, d.decided_at, d.why,
  e.decided_by AS retired_by, e.decided_at AS retired_at, e.why AS retired_why
FROM template_version v
LEFT JOIN template_decision d ON (d.template_id, d.version) = (v.template_id, v.version) AND NOT d.is_end
LEFT JOIN template_decision e ON (e.template_id, e.version) = (v.template_id, v.version) AND e.is_end
"""
_BARE: Final = _VERSION.replace("v.content", "''::bytea AS content")
"""The same without what versions say."""


class SavedVersion(NamedTuple):
    """A version on record. `repeated`: it had been before, and nothing changed now."""

    version: TemplateVersion
    repeated: bool


class StepTaken(NamedTuple):
    """A version after a step, or why the step was not taken."""

    version: TemplateVersion | None
    refusal: TemplateRefusal | None


class Templates:
    """Keeps the templates of the service."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save(self, new: NewTemplateVersion, by: Actor) -> SavedVersion:
        """Record a further version as a draft. The same content again is the newest version still, as long as nobody
        has said that it is wrong. Raises `TooManyTemplatesError`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await _lock(connection)
            before = await _versions(connection, new.template_id, contents=False)
            if before and before[-1].sha256 == new.sha256 and before[-1].may_be_rehearsed:
                return SavedVersion(before[-1], repeated=True)
            await _require_room(connection, new.template_id, before, by)
            authors = [new.author] if new.author else await persons_of(connection, new.source_id)
            version = len(before) + 1
            await connection.execute(
                """INSERT INTO template_version (template_id, version, title, content, sha256, authors, saved_by)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)""",
                new.template_id,
                version,
                new.title,
                new.content,
                new.sha256,
                authors,
                by,
            )
            await audit.note(
                connection,
                by,
                "template.save",
                template=new.template_id,
                version=version,
                sha256=new.sha256.hex(),
            )
            return SavedVersion((await _versions(connection, new.template_id))[-1], repeated=False)

    async def take(  # noqa: PLR0913 - each is one part of a decision
        self,
        step: TemplateStep,
        template_id: str,
        version: int,
        by: Actor,
        *,
        person: str = "",
        seen: bytes = b"",
        why: str = "",
        may: Callable[[TemplateVersion], bool] = lambda _version: True,
    ) -> StepTaken:
        """Approve, reject or retire a version, or say why not. Either is on the audit trail; of two who decide at once
        the second one is refused. `may`: whether the person's role holds where a version warns by itself, asked of
        this one, and of the one that an approval replaces.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await _lock(connection)
            versions = await _versions(connection, template_id)
            found = _of(versions, version)
            replaced = last_approved(versions) if step is TemplateStep.APPROVE else None
            named: dict[str, Any] = {"template": template_id, "version": version}
            refusal = refusal_of(found, step, person, seen)
            if found is not None and not all(may(one) for one in (found, replaced) if one is not None):
                refusal = TemplateRefusal.FOREIGN
            if refusal:
                if found is not None:
                    await audit.note(connection, by, "template.refused", step=step, refusal=refusal, **named)
                return StepTaken(found, refusal)
            assert found is not None  # noqa: S101 - what is not there is refused
            await connection.execute(
                """INSERT INTO template_decision (template_id, version, decision, decided_by, why)
                   VALUES ($1, $2, $3, $4, $5)""",
                template_id,
                version,
                step,
                by,
                why,
            )
            more = {"why": why} if why else {}
            await audit.note(connection, by, f"template.{step}", sha256=found.sha256.hex(), **named, **more)
            return StepTaken(_of(await _versions(connection, template_id), version), None)

    async def note_filling(self, version: TemplateVersion, message: bytes, by: Actor) -> None:
        """Note that a message was made of a version. Its hash is what shows whether it was sent as it was made."""
        async with self._pool.acquire() as connection:
            await audit.note(
                connection,
                by,
                "template.fill",
                template=version.template_id,
                version=version.version,
                message_sha256=sha256(message).hexdigest(),
            )

    async def versions(self, template_id: str) -> list[TemplateVersion]:
        """Return all versions of a template, the oldest first; none where there is no such template."""
        return await _versions(self._pool, template_id)

    async def all(self) -> dict[str, list[TemplateVersion]]:
        """Return the versions of all templates, without what they say, by id and in their order."""
        rows = await self._pool.fetch(f"{_BARE} ORDER BY v.template_id, v.version")
        found: dict[str, list[TemplateVersion]] = {}
        for row in rows:
            found.setdefault(row["template_id"], []).append(_version(row))
        return found


async def _lock(connection: Connection) -> None:
    """Let one after the other write about templates: they are counted, and rarely written."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('template', 0))")


async def _require_room(
    connection: Connection, template_id: str, before: list[TemplateVersion], by: Actor
) -> None:
    """Raise `TooManyTemplatesError` where this author may save no further version of it now, or nobody may."""
    versions, begun = await connection.fetchrow(
        """SELECT count(*) FILTER (WHERE template_id = $1), count(*) FILTER (WHERE version = 1)
           FROM template_version WHERE saved_by = $2 AND saved_at > clock_timestamp() - $3::interval""",
        template_id,
        by,
        LATELY,
    )
    if versions >= OWN_VERSIONS_MAX:
        raise TooManyTemplatesError(TemplateLimit.OWN_VERSIONS, OWN_VERSIONS_MAX, LATELY.days)
    if any(one.may_be_rehearsed for one in before):
        return
    if not before and begun >= OWN_TEMPLATES_MAX:
        raise TooManyTemplatesError(TemplateLimit.OWN_TEMPLATES, OWN_TEMPLATES_MAX, LATELY.days)
    templates = await connection.fetchval(
        """SELECT count(DISTINCT template_id) FROM template_version v WHERE NOT EXISTS (
             SELECT 1 FROM template_decision d
             WHERE (d.template_id, d.version) = (v.template_id, v.version) AND d.decision <> 'approve')"""
    )
    if templates >= TEMPLATES_MAX:
        raise TooManyTemplatesError(TemplateLimit.TEMPLATES, TEMPLATES_MAX, LATELY.days)


async def _versions(
    connection: Connection | Pool, template_id: str, *, contents: bool = True
) -> list[TemplateVersion]:
    query = _VERSION if contents else _BARE
    rows = await connection.fetch(f"{query} WHERE v.template_id = $1 ORDER BY v.version", template_id)
    return [_version(row) for row in rows]


def _of(versions: list[TemplateVersion], version: int) -> TemplateVersion | None:
    return next((one for one in versions if one.version == version), None)


def _version(row: Any) -> TemplateVersion:
    return TemplateVersion(
        template_id=row["template_id"],
        version=row["version"],
        title=row["title"],
        content=bytes(row["content"]),
        sha256=bytes(row["sha256"]),
        authors=tuple(row["authors"]),
        saved_by=row["saved_by"],
        saved_at=row["saved_at"],
        decision=None if row["decision"] is None else TemplateStep(row["decision"]),
        decided_by=row["decided_by"] or "",
        decided_at=row["decided_at"],
        why=row["why"] or "",
        retired_by=row["retired_by"] or "",
        retired_at=row["retired_at"],
        retired_why=row["retired_why"] or "",
    )
