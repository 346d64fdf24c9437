"""Give the service its own role in the database, and find out whether the audit trail holds out against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import asyncpg
import structlog

from dispatcher.store import record
from dispatcher.store.audit_chain.protection import Protection, protection
from dispatcher.store.roles import ServiceRole, make_service_role, script, server_version

SUGGESTED: Final = "dispatcher_service"
"""What the role is called in the statements, where the settings name none."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AuditProtection:
    """Whether the trail is protected, and what has to be done by hand that it is."""

    protection: Protection
    statements: str = ""
    """SQL; empty where there is nothing to do by hand."""


async def protect_audit(owner_url: str, service_url: str) -> AuditProtection:
    """Make the role of the service, unless both URLs name the same, let it use what it needs, and look whether it could
    change the trail. Raises SettingsError, `asyncpg.PostgresError`.
    """
    owner, service = record.address(owner_url), record.address(service_url)
    apart = service.username is not None and service.username != owner.username
    name = service.username if apart and service.username else SUGGESTED
    pool = await record.connect(owner_url, size=1)
    try:
        async with pool.acquire() as connection:
            made = apart and await make_service_role(connection, ServiceRole(name, service.password))
            statements = "" if made else script(name, await server_version(connection))
    finally:
        await pool.close()
    found = await _protection(service_url)
    return AuditProtection(found, "" if found.protected else statements)


async def _protection(service_url: str) -> Protection:
    try:
        pool = await record.connect(service_url, size=1)
    except asyncpg.PostgresError as error:
        return Protection((f"the service's role cannot connect: {error}",))
    try:
        return await protection(pool)
    finally:
        await pool.close()
