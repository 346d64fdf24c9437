"""Recognise sources, instances and operators by the keys with which they authenticate."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.access.credentials import Bearer, KeyTerms, Recognition, is_use_due, judge
from dispatcher.access.keys import NO_DIGEST, KeyKind, matches, read_key
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import Branding, CredentialState, Instance, RemoteOperator, Source
from dispatcher.model.vocabulary import CANARY_SOURCE
from dispatcher.model.webhooks import Environment
from dispatcher.store import audit
from dispatcher.store.key_uses import KeyUses
from dispatcher.store.keys import insert_key
from dispatcher.store.sql import is_valid_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Pool

_NAMES: Final = "SELECT id FROM source WHERE id <> $1 ORDER BY id"
_TERMS: Final = (
    "k.digest, k.expires_at, k.revoked_at, k.used_at, k.person, k.certificate, statement_timestamp() AS now"
)
_KEY: Final = f"{_TERMS}, p.disabled_at"
# A source's key may be a person's, and is worth as little as that person may do.
_SOURCE: Final = f"""
SELECT {_TERMS}, coalesce(p.disabled_at, q.disabled_at) AS disabled_at,
  p.id, p.name, p.senders, p.territory, p.inset_m, p.by_severity, p.may_flash, p.quota
FROM api_key k JOIN source p ON p.id = k.source_id LEFT JOIN person q ON q.id = k.person"""  # noqa: S608 - constant columns
_BY_KEY: Final = {
    KeyKind.SOURCE: f"{_SOURCE} WHERE k.kind = 'wk' AND k.id = $1",
    KeyKind.EXERCISE: f"{_SOURCE} WHERE k.kind = 'wx' AND k.id = $1",
    KeyKind.INSTANCE: f"""
SELECT {_KEY}, p.id, p.name, p.places, p.environment, p.territory, p.languages, p.colour, p.text_colour, p.logo,
  p.contact, p.quota, p.shows, p.shown
FROM api_key k JOIN instance p ON p.id = k.instance_id WHERE k.kind = 'wi' AND k.id = $1""",  # noqa: S608 - as above
    KeyKind.OPERATOR: f"""
SELECT {_KEY}, p.id, p.name
FROM api_key k JOIN remote_operator p ON p.id = k.operator_id WHERE k.kind = 'wo' AND k.id = $1""",  # noqa: S608 - as above
}


class Sources:
    """Reads and writes the sources that may submit, and the instances that may pull."""

    def __init__(self, pool: Pool, pepper: bytes) -> None:
        self._pool = pool
        self._pepper = pepper
        self.uses = KeyUses(pool)

    async def put(self, source: Source, by: Actor = UNNAMED_OPERATOR) -> None:
        """Create or replace a source, of whom nobody asks what it was before: see `Parties`. One that is disabled stays
        so.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                """INSERT INTO source (id, name, senders, territory, inset_m, by_severity, may_flash, quota)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                   ON CONFLICT (id) DO UPDATE SET name = $2, senders = $3, territory = $4, inset_m = $5,
                     by_severity = $6, may_flash = $7, quota = $8""",
                source.id,
                source.name,
                sorted(source.senders),
                list(source.territory),
                source.inset_m,
                source.by_severity,
                source.may_flash,
                source.quota,
            )
            await audit.note(connection, by, "source.put", source=source.id)

    async def add_key(self, source_id: str, key: str, by: Actor = UNNAMED_OPERATOR) -> None:
        """Let `key` authenticate the source. Several keys may be valid at once, for rotation."""
        async with self._pool.acquire() as connection, connection.transaction():
            await insert_key(connection, Bearer.of(source_id, None), key, self._pepper, by)

    async def put_instance(self, instance: Instance, key: str, by: Actor = UNNAMED_OPERATOR) -> None:
        """Create or replace a municipality's app, and let `key` authenticate it, beside those that it has. One that is
        disabled stays so.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                # What an instance is for it stays for.
                """INSERT INTO instance (id, name, places, environment) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (id) DO UPDATE SET name = $2, places = $3""",
                instance.id,
                instance.name,
                list(instance.places),
                Environment.SANDBOX if instance.sandbox else Environment.PRODUCTION,
            )
            await audit.note(connection, by, "instance.put", instance=instance.id)
            await insert_key(connection, Bearer.of(None, instance.id), key, self._pepper, by)

    async def recognise(
        self, key: str, certificate: Callable[[], bytes | None] = lambda: None
    ) -> Recognition:
        """Return whom a key authenticates, or why nobody. It takes as long whether there is such a key or not.
        `certificate` gives the digest of the public key of the client's certificate, and is asked where one is needed.
        """
        name = read_key(key)
        if name is None:
            return Recognition(CredentialState.UNKNOWN)
        row = await self._pool.fetchrow(_BY_KEY[name.kind], name.id)
        if not matches(row["digest"] if row else NO_DIGEST, self._pepper, key) or row is None:
            return Recognition(CredentialState.UNKNOWN)
        state = judge(KeyTerms(row["expires_at"], row["revoked_at"], row["disabled_at"]), row["now"])
        bound_to = row["certificate"]
        if state is CredentialState.VALID and bound_to is not None and bound_to != certificate():
            state = CredentialState.WRONG_CERTIFICATE
        if state is CredentialState.VALID and is_use_due(row["used_at"], row["now"]):
            self.uses.note(name)
        return Recognition(state, _PARTY_OF[name.kind](row), name, row["person"] or "")

    async def submitting(self) -> dict[str, tuple[str, ...]]:
        """Return where each source that may submit warnings now may warn, by id: prefixes of keys (AGS), none for
        everywhere. One that is disabled, or has no valid key but for exercises, can submit none.
        """
        rows = await self._pool.fetch(
            f"""SELECT p.id, p.territory FROM source p WHERE p.disabled_at IS NULL AND EXISTS (
                 SELECT FROM api_key k WHERE k.source_id = p.id AND k.environment = 'live'
                   AND {is_valid_key("k")}) ORDER BY p.id""",  # noqa: S608 - our own words
        )
        return {row["id"]: tuple(row["territory"]) for row in rows}

    async def names(self) -> Sequence[str]:
        """Return all sources' ids, but for that of canaries: the values of a metric label."""
        return [row["id"] for row in await self._pool.fetch(_NAMES, CANARY_SOURCE)]


def source_of(row: Any) -> Source:
    """Return a source of its row."""
    return Source(
        id=row["id"],
        name=row["name"],
        senders=frozenset(row["senders"]),
        territory=tuple(row["territory"]),
        inset_m=row["inset_m"],
        by_severity=row["by_severity"],
        may_flash=row["may_flash"],
        quota=row["quota"],
    )


def instance_of(row: Any) -> Instance:
    """Return an instance of its row."""
    places = tuple(row["places"])
    return Instance(
        id=row["id"],
        name=row["name"],
        places=places,
        sandbox=row["environment"] == Environment.SANDBOX,
        territory=tuple(row["territory"]),
        languages=tuple(row["languages"]),
        branding=Branding(row["colour"], row["text_colour"], row["logo"]),
        contact=row["contact"],
        quota=row["quota"],
        shows=tuple(row["shows"]),
        neighbouring=tuple(row["shown"][len(places) :]),
    )


def _operator_of(row: Any) -> RemoteOperator:
    return RemoteOperator(row["id"], row["name"])


_PARTY_OF: Final[Mapping[KeyKind, Callable[[Any], Source | Instance | RemoteOperator]]] = MappingProxyType(
    {
        KeyKind.SOURCE: source_of,
        KeyKind.EXERCISE: source_of,
        KeyKind.INSTANCE: instance_of,
        KeyKind.OPERATOR: _operator_of,
    }
)
