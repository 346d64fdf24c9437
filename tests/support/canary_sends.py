"""What the record has of a test that went to a receiver of the service's own."""

from typing import Any


async def sent_by_sms(pool: Any, name: str, gateway: str, parts: int) -> None:
    """Write what workers write of one, whose text has so many parts."""
    async with pool.acquire() as connection, connection.transaction():
        number = await connection.fetchval("SELECT subscription_id FROM canary WHERE name = $1", name)
        await connection.execute(
            """INSERT INTO alert (id, source_id, sender, identifier, sent, msg_type, status, scope, event, headline,
                 severity, raw, sha256, received_at, expires, lane, reason, chain_id, state, revision, thread, proved)
               VALUES ('canary-1', '_canary', 's', 'i', now(), 'Alert', 'Test', 'Public', '', '', '', '', '', now(),
                 now(), 'flash', 'canary', 'canary-1', 'settled', 0, 't', true)"""
        )
        await connection.execute("INSERT INTO canary_send VALUES ('canary-1', $1, 'flash', now())", name)
        await connection.execute(
            """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients,
                 outcomes, text_parts)
               VALUES ('canary-1', 'canary-1', 'alert', 'sms', $1, 'de', 'flash', now(), ARRAY[$2::bigint],
                 decode('00', 'hex'), $3)""",
            gateway,
            number,
            parts,
        )
