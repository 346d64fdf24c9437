"""Sign persons in by a provider: lead the browser there, and take what it brings back. Nobody is made by a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.access.principals import SERVICE, person_actor
from dispatcher.access.secret_tokens import is_token, token_digest
from dispatcher.sign_in.allowances import Stage
from dispatcher.sign_in.oidc.authorization import OidcAttempt
from dispatcher.sign_in.oidc.id_token import TokenRefused
from dispatcher.sign_in.oidc.provider import OidcCodeRefused, ProviderBusy, ProviderFault
from dispatcher.sign_in.sign_in import STEP_LIFE, SignInRefusal, SignInRefused
from dispatcher.store import audit
from dispatcher.store.clock import record_time
from dispatcher.store.persons.identities import IdentityKey, Linking
from dispatcher.store.persons.sessions import Method
from dispatcher.store.persons.steps import Step, StepPurpose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.model.vocabulary import Environment
    from dispatcher.sign_in.oidc.authorization import OidcReturn
    from dispatcher.sign_in.oidc.id_token import VerifiedIdentity
    from dispatcher.sign_in.oidc.provider import OidcProvider
    from dispatcher.sign_in.sign_in import Opened, SignIn, Visitor
    from dispatcher.store.persons.identities import Identities, Linked
    from dispatcher.store.record import Pool

log = structlog.get_logger()

SHOWN: Final = Method.OIDC.value
_OF_ERROR: Final[Mapping[str, SignInRefusal]] = {
    "access_denied": SignInRefusal.DECLINED,
    "server_error": SignInRefusal.AWAY,
    "temporarily_unavailable": SignInRefusal.AWAY,
}
"""By what the provider says in place of a code (RFC 6749, section 4.1.2.1)."""


class NobodysIdentity(SignInRefused):
    """The provider knows the person, and here nobody is linked to that. `subject` is for this person's eyes only, which
    may have it linked.
    """

    def __init__(self, refusal: SignInRefusal, subject: str) -> None:
        super().__init__(refusal)
        self.subject = subject


@dataclass(frozen=True, slots=True)
class OidcEntered:
    """A session that begins, and the page that the browser wanted to go to."""

    opened: Opened
    wanted: str


class ProviderSignIn:
    """Signs in by the providers of both environments, each by its own."""

    def __init__(
        self,
        pool: Pool,
        sign_in: SignIn,
        identities: Identities,
        providers: Mapping[Environment, OidcProvider],
        name: str,
    ) -> None:
        self._pool = pool
        self._sign_in = sign_in
        self.identities = identities
        self.providers = providers
        self.name = name
        """What people call the provider."""

    async def begin(self, visitor: Visitor, wanted: str, invitation: str = "") -> str:
        """Return where the browser goes; it comes back to the same environment. `invitation` is the token of a link by
        which the person came: whom it invites will be linked. Raises `SignInRefused`.
        """
        attempt = OidcAttempt.new(wanted, token_digest(invitation) if invitation else b"")
        person_id = None
        if invitation:
            stores = self._sign_in.stores
            person = await stores.invitations.invited(attempt.invitation) if is_token(invitation) else None
            if person is None or person.environment is not visitor.environment:
                raise self._sign_in.refused(SignInRefusal.OVER, SHOWN)
            person_id = person.id
        try:
            url = await self._provider(visitor).request_url(attempt)
        except ProviderFault as fault:
            raise self._away(fault) from None
        step = Step(StepPurpose.OIDC, visitor.environment, person_id, attempt.packed())
        await self._sign_in.stores.steps.begin(visitor.digest, step, STEP_LIFE)
        return url

    async def finish(self, visitor: Visitor, returned: OidcReturn) -> OidcEntered:
        """Take what a browser brings back. Raises `SignInRefused`."""
        provider, steps = self._provider(visitor), self._sign_in.stores.steps
        step = await steps.under_way(visitor.digest, StepPurpose.OIDC, visitor.environment)
        attempt = OidcAttempt.unpacked(step.secret) if step is not None and step.secret is not None else None
        # An answer that is not to this browser's question ends nothing: somebody else may have sent the browser here.
        if step is None or attempt is None or not returned.is_of(attempt):
            raise self._sign_in.refused(SignInRefusal.OVER, SHOWN)
        if await steps.take(visitor.digest, StepPurpose.OIDC, visitor.environment) is None:
            raise self._sign_in.refused(SignInRefusal.OVER, SHOWN)
        if returned.error:
            raise self._sign_in.refused(_OF_ERROR.get(returned.error, SignInRefusal.UNTRUSTED), SHOWN)
        begun = await self._sign_in.begin(Stage.OIDC, visitor, "")
        try:
            identity = await self._identity(visitor, provider, returned, attempt)
        except SignInRefused as refused:
            if refused.refusal in (SignInRefusal.AWAY, SignInRefusal.BUSY):
                await self._sign_in.stores.failures.succeeded(begun)
            raise
        key = IdentityKey(visitor.environment, identity.issuer, identity.subject)
        if not identity.has_shown(provider.client.second_factor):
            linked = await self.identities.linked(key)
            raise await self._not_let_in(key, SignInRefusal.NO_SECOND_FACTOR, _whose(linked))
        person_id = await self._person(key, attempt, step.person_id)
        opened = await self._sign_in.open(visitor, person_id, Method.OIDC)
        await self._sign_in.stores.failures.succeeded(begun)
        await self.identities.used(key)
        return OidcEntered(opened, attempt.wanted)

    def offers(self, environment: Environment) -> bool:
        """Whether there is a provider for this environment."""
        return environment in self.providers

    def _provider(self, visitor: Visitor) -> OidcProvider:
        provider = self.providers.get(visitor.environment)
        if provider is None:
            raise self._sign_in.refused(SignInRefusal.OVER, SHOWN)
        return provider

    async def _identity(
        self, visitor: Visitor, provider: OidcProvider, returned: OidcReturn, attempt: OidcAttempt
    ) -> VerifiedIdentity:
        try:
            return await provider.identity(returned, attempt, await record_time(self._pool))
        except OidcCodeRefused:
            raise self._sign_in.refused(SignInRefusal.OVER, SHOWN) from None
        except ProviderFault as fault:
            raise self._away(fault) from None
        except TokenRefused as refused:
            because = refused.fault.value
            log.warning("a token of the OpenID provider is refused", because=because)
            await self._note(visitor.environment, because, None)
            raise self._sign_in.refused(SignInRefusal.UNTRUSTED, SHOWN) from None

    async def _person(self, key: IdentityKey, attempt: OidcAttempt, invited: str | None) -> str:
        """Return who is signed in: whom the identity is linked to, or has been just now, by an invitation."""
        if attempt.invitation and invited is not None:
            done = await self.identities.accept(attempt.invitation, key, person_actor(invited), invited)
            if done is Linking.DONE:
                return invited
            refusal = SignInRefusal.TAKEN if done is Linking.TAKEN else SignInRefusal.OVER
            raise await self._not_let_in(key, refusal, invited)
        linked = await self.identities.linked(key)
        if linked is None or linked.disabled:
            raise await self._not_let_in(key, SignInRefusal.NOBODY, _whose(linked))
        return linked.person_id

    def _away(self, fault: ProviderFault) -> SignInRefused:
        """Return the refusal for a provider that gave no usable answer, and say in the log what there was."""
        refusal = SignInRefusal.BUSY if isinstance(fault, ProviderBusy) else SignInRefusal.AWAY
        log.warning("the OpenID provider gives no answer", because=fault.code)
        return self._sign_in.refused(refusal, SHOWN)

    async def _not_let_in(
        self, key: IdentityKey, refusal: SignInRefusal, person_id: str | None
    ) -> NobodysIdentity:
        """Return the refusal for whom the provider vouches, which is on the trail."""
        await self._note(key.environment, refusal.value, person_id)
        self._sign_in.refused(refusal, SHOWN)  # counts it
        return NobodysIdentity(refusal, key.subject)

    async def _note(self, environment: Environment, because: str, person_id: str | None) -> None:
        named = {"person": person_id} if person_id else {}
        actor = person_actor(person_id) if person_id else SERVICE
        await audit.note(
            self._pool,
            actor,
            "person.refused",
            shown=SHOWN,
            because=because,
            environment=environment.value,
            **named,
        )


def _whose(linked: Linked | None) -> str | None:
    return None if linked is None else linked.person_id
