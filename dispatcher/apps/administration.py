"""Administer instances for whoever asks over HTTP, by the decisions and the store of the commands."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dispatcher.access.credentials import Bearer
from dispatcher.access.keys import KEY_ID_PATTERN, fresh_key
from dispatcher.access.kinds import PrincipalKind
from dispatcher.apps.channel_credentials import CredentialChannel, offered
from dispatcher.apps.profile import NamedProfile, ProfileRefused, profile_of
from dispatcher.model.principals import Instance
from dispatcher.store.keys import NoSuchBearer
from dispatcher.store.parties import ChangedMeanwhile

if TYPE_CHECKING:
    from datetime import timedelta

    from dispatcher.access.credentials import KeyEntry
    from dispatcher.access.principals import Actor
    from dispatcher.apps.channel_credentials import OperatorTerms
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.principals import ChannelCredential, Consent, Neighbour, PartyEntry
    from dispatcher.store.instances.credentials import InstanceCredentials
    from dispatcher.store.instances.neighbours import Neighbours
    from dispatcher.store.keys import KeyList, Keys
    from dispatcher.store.parties import Parties
    from dispatcher.store.sealed.addresses import Addresses

_TRIES: Final = 3
"""How often a change is decided anew where somebody else was quicker."""


class InstanceThere(Exception):
    """There is an instance of this id, and it is not as asked for; nothing was changed."""


@dataclass(frozen=True, slots=True)
class WantedChange:
    """What is to be different of an instance. `quota` counts only with `names_quota`: None is the setting's own."""

    named: NamedProfile
    quota: int | None = None
    names_quota: bool = False


@dataclass(frozen=True, slots=True)
class InstanceAccount:
    """All that is known of an instance, without any secret."""

    instance: Instance
    entry: PartyEntry
    keys: KeyList
    neighbours: list[Neighbour]
    given: dict[str, Consent]
    credentials: list[ChannelCredential]


@dataclass(frozen=True, slots=True)
class InstanceStores:
    """Where the record keeps instances, and what belongs to them."""

    parties: Parties
    keys: Keys
    neighbours: Neighbours
    credentials: InstanceCredentials


class InstanceAdministration:
    """Creates, shows and changes instances; every act is on the audit trail under the name of who asked."""

    def __init__(
        self,
        stores: InstanceStores,
        boundaries: Boundaries,
        addresses: Addresses,
        pepper: bytes,
        operator: OperatorTerms,
    ) -> None:
        """`pepper` is what keys are hashed under; `operator` what credentials with channels depend on."""
        self._stores = stores
        self._boundaries = boundaries
        self._addresses = addresses
        self._pepper = pepper
        self._operator = operator

    async def listed(self, after: str, limit: int) -> list[PartyEntry]:
        """Return instances by id, at most `limit`, those that come after one of the id `after`."""
        return await self._stores.parties.listed(PrincipalKind.INSTANCE, after, limit)

    async def shown(self, instance_id: str) -> InstanceAccount:
        """Return all that is known of an instance. Raises `NoSuchBearer`."""
        stores = self._stores
        instance = await self._of_record(instance_id)
        entry = await stores.parties.entry(PrincipalKind.INSTANCE, instance_id)
        if entry is None:
            raise NoSuchBearer(str(_bearer(instance_id)))
        return InstanceAccount(
            instance=instance,
            entry=entry,
            keys=await stores.keys.of(_bearer(instance_id)),
            neighbours=await stores.neighbours.of(instance_id),
            given=await stores.neighbours.given(instance_id),
            credentials=await stores.credentials.listed(instance_id),
        )

    async def add(self, instance_id: str, wanted: WantedChange, by: Actor) -> str | None:
        """Create an instance and return its key; None where there is one that is just so: nothing is changed then.
        Raises `ProfileRefused`, and `InstanceThere` for one that is otherwise.
        """
        if not KEY_ID_PATTERN.fullmatch(instance_id):
            raise ProfileRefused("an id is made of at most 40 of a-z, 0-9 and hyphens", "id")
        instance = await self._decided(Instance(instance_id, instance_id, ()), wanted)
        key = fresh_key(_bearer(instance_id).key_kind, instance_id)
        if await self._stores.parties.add(instance, key, self._pepper, by):
            return key
        if replace(await self._of_record(instance_id), neighbouring=()) != instance:
            raise InstanceThere(instance_id)
        return None

    async def change(self, instance_id: str, wanted: WantedChange, by: Actor) -> None:
        """Change what is named of an instance, and nothing else; what is so already is left as it is. Raises
        `NoSuchBearer`, `ProfileRefused`, and `ChangedMeanwhile` where others change it all the time.
        """
        for tried in range(1, _TRIES + 1):
            before = await self._of_record(instance_id)
            after = await self._decided(before, wanted)
            try:
                if after != before:
                    await self._stores.parties.change(before, after, by)
            except ChangedMeanwhile:
                if tried == _TRIES:
                    raise
            else:
                return

    async def rotate(self, instance_id: str, overlap: timedelta, by: Actor) -> tuple[str, list[KeyEntry]]:
        """Return a new key of an instance, and its others with their ends: after the overlap at the latest. Raises
        `NoSuchBearer`.
        """
        bearer = _bearer(instance_id)
        key = fresh_key(bearer.key_kind, instance_id)
        return key, await self._stores.keys.rotate(bearer, key, self._pepper, overlap, by)

    async def switch(self, instance_id: str, by: Actor, *, disable: bool) -> None:
        """Refuse all keys of an instance, or let them be good again; what is so already is left so. Raises
        `NoSuchBearer`.
        """
        parties = self._stores.parties
        act = parties.disable if disable else parties.enable
        if await act(PrincipalKind.INSTANCE, instance_id, by) is None:
            raise NoSuchBearer(str(_bearer(instance_id)))

    async def put_credential(
        self, instance_id: str, channel: CredentialChannel, plain: bytes | None, subject: str, by: Actor
    ) -> ChannelCredential:
        """Let a credential be the instance's newest with a channel, and return what is known of it. Without one a VAPID
        key is made, where the instance has none. Raises `NoSuchBearer`, `CredentialRefused`.
        """
        store = self._stores.credentials
        own = offered(channel, plain, subject, self._operator)
        if plain is not None or await store.newest(instance_id, channel) is None:
            known = own.known_as(instance_id, self._addresses.sealing.keyed_hash)
            await store.put(known, own.plain, self._addresses, by)
        newest = await store.newest(instance_id, channel)
        return next(one for one in await store.listed(instance_id) if one.fingerprint == newest)

    async def _of_record(self, instance_id: str) -> Instance:
        instance = await self._stores.parties.instance(instance_id)
        if instance is None:
            raise NoSuchBearer(str(_bearer(instance_id)))
        return instance

    async def _decided(self, instance: Instance, wanted: WantedChange) -> Instance:
        """Return what the instance becomes. Raises `ProfileRefused`."""
        # In a thread: all municipalities of the country, or the nearest to a wrong one, take a while.
        after = await asyncio.to_thread(profile_of, instance, wanted.named, lambda: self._boundaries)
        if wanted.names_quota:
            after = replace(after, quota=wanted.quota)
        if missing := await self._stores.parties.missing(after.shows):
            raise ProfileRefused(f"there is no instance {missing[0]}", "shows")
        return after


def _bearer(instance_id: str) -> Bearer:
    return Bearer(PrincipalKind.INSTANCE, instance_id)
