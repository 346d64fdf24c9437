"""Sign persons in and out: the shell around what decides. Nobody learns whether there is a person of a name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.persons import LONGEST_PERSON_ID, is_person_id
from dispatcher.access.principals import of_person, person_actor
from dispatcher.access.secret_tokens import is_token, new_token, token_digest
from dispatcher.sign_in.allowances import DAY, Claim, Stage, bounds_of
from dispatcher.sign_in.one_time_codes import is_recovery_code, recovery_hash, step_of
from dispatcher.sign_in.passkeys import PasskeyRefused, ask_for_any, counted, id_of
from dispatcher.sign_in.passwords import TooManyHashes
from dispatcher.store import audit
from dispatcher.store.clock import record_time
from dispatcher.store.persons.credentials import PersonCredentials
from dispatcher.store.persons.failures import SignInFailures, UsedUp
from dispatcher.store.persons.invitations import Invitations
from dispatcher.store.persons.persons import Persons
from dispatcher.store.persons.sessions import Method, Sessions
from dispatcher.store.persons.steps import SignInSteps, Step, StepPurpose

if TYPE_CHECKING:
    from dispatcher.access.principals import Principal
    from dispatcher.access.sealing import Sealing
    from dispatcher.metrics import Metrics
    from dispatcher.model.vocabulary import Environment
    from dispatcher.sign_in.passkeys import RelyingParty
    from dispatcher.sign_in.passwords import Passwords
    from dispatcher.store.persons.failures import Begun
    from dispatcher.store.persons.sessions import PersonSession, SessionTerms
    from dispatcher.store.record import Pool

STEP_LIFE: Final = timedelta(minutes=5)
"""How long a browser may take from one step of signing in to the next."""


class SignInRefusal(StrEnum):
    """Why nobody is signed in."""

    WRONG = "wrong"
    """Name, password, code or passkey: which one is not said."""
    THROTTLED = "throttled"
    """Too many attempts have failed."""
    BUSY = "busy"
    """Too many attempts are under way."""
    OVER = "over"
    """The step that this was the answer to is over: it took too long, or was answered already."""
    AWAY = "away"
    """The OpenID provider gives no answer."""
    DECLINED = "declined"
    """The person went no further at the provider, or may not use this service there."""
    UNTRUSTED = "untrusted"
    """The provider's answer is not good."""
    NOBODY = "nobody"
    """The provider vouches for somebody who is nobody here, or is disabled."""
    TAKEN = "taken"
    """Whom the provider vouches for is another person here."""
    NO_SECOND_FACTOR = "no_second_factor"
    """The provider does not say that there was a second factor."""


class SignInRefused(Exception):
    """Nobody is signed in. `seconds`: until it may be tried again, where that is known."""

    def __init__(self, refusal: SignInRefusal, seconds: float = 0.0) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser at the door: where it stands, the token of its forms, its line, and the token by which it is known."""

    environment: Environment
    token: str = field(repr=False)
    line: str
    device: str = field(default="", repr=False)

    @property
    def digest(self) -> bytes:
        """Return by what its steps are found."""
        return token_digest(self.token)

    @property
    def device_digest(self) -> bytes | None:
        """Return by what it is known, if it is."""
        return token_digest(self.device) if is_token(self.device) else None


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that begins: its token, and that by which the browser is known from now on."""

    environment: Environment
    token: str = field(repr=False)
    device: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonStores:
    """What the record has of persons."""

    persons: Persons
    credentials: PersonCredentials
    sessions: Sessions
    steps: SignInSteps
    failures: SignInFailures
    invitations: Invitations

    @classmethod
    def of(cls, pool: Pool, sealing: Sealing, terms: SessionTerms) -> PersonStores:
        """Return them on this record."""
        return cls(
            Persons(pool),
            PersonCredentials(pool, sealing),
            Sessions(pool, terms),
            SignInSteps(pool),
            SignInFailures(pool, DAY),
            Invitations(pool),
        )


class SignIn:
    """Signs in and out. Every attempt is counted by what became of it."""

    def __init__(
        self,
        pool: Pool,
        stores: PersonStores,
        passwords: Passwords,
        party: RelyingParty,
        pepper: bytes,
        metrics: Metrics,
    ) -> None:
        self._pool = pool
        self.stores = stores
        self.passwords = passwords
        self.party = party
        self._pepper = pepper
        self._metrics = metrics

    async def principal(
        self, token: str, environment: Environment, *, is_use: bool = True
    ) -> tuple[Principal, PersonSession] | None:
        """Return whose session the token is of, with what the person may do now; None where it is of none that holds.
        Whoever has come by a link to enrol may do nothing else. `is_use` is false for what a page asks by itself.
        """
        if not is_token(token):
            return None
        session = await self.stores.sessions.found(token_digest(token), environment, is_use=is_use)
        if session is None:
            return None
        principal = of_person(session.person, session.now, session.source)
        if session.method is Method.INVITATION:
            principal = replace(principal, permissions=frozenset(), held=())
        return principal, session

    async def by_password(self, visitor: Visitor, name: str, password: str) -> None:
        """Take a password: a second factor is awaited then, in the same browser. Raises `SignInRefused`."""
        name = name.strip().lower()[: LONGEST_PERSON_ID + 1]
        try:
            hashed = await self.shown_hash(visitor, name, password)
            if hashed is None:
                raise self.refused(SignInRefusal.WRONG, "password")
            if self.passwords.is_outdated(hashed):
                anew = await self.passwords.hash(password)
                await self.stores.credentials.rehash(name, hashed, anew)
        except TooManyHashes:
            raise self.refused(SignInRefusal.BUSY, "password") from None
        await self.stores.steps.begin(
            visitor.digest, Step(StepPurpose.SECOND_FACTOR, visitor.environment, name), STEP_LIFE
        )

    async def shown_hash(self, visitor: Visitor, name: str, password: str) -> str | None:
        """Return the hash of a person's password where this is the password; None where it is not, which counts as an
        attempt that failed. Raises `TooManyHashes`, which counts for nothing, and `SignInRefused` where too many have
        failed.
        """
        attempt = await self.begin(Stage.PASSWORD, visitor, name)
        read = self.stores.credentials.password_hash
        hashed = await read(name, visitor.environment) if is_person_id(name) else None
        try:
            if not await self.passwords.is_right(hashed, password):
                return None
        except TooManyHashes:
            await self.stores.failures.succeeded(attempt)
            raise
        await self.stores.failures.succeeded(attempt)
        return hashed

    async def by_code(self, visitor: Visitor, code: str) -> Opened:
        """Take a code of TOTP or a recovery code after the password. Raises `SignInRefused`."""
        step = await self.stores.steps.under_way(
            visitor.digest, StepPurpose.SECOND_FACTOR, visitor.environment
        )
        if step is None or step.person_id is None:
            raise self.refused(SignInRefusal.OVER, "code")
        attempt = await self.begin(Stage.CODE, visitor, step.person_id)
        method = await self._method_of(step.person_id, code)
        if method is None:
            # Somebody has the password: whoever reads the trail should know.
            await self._note_wrong(step.person_id, "code")
            raise self.refused(SignInRefusal.WRONG, "code")
        await self.stores.failures.succeeded(attempt)
        if (
            await self.stores.steps.take(visitor.digest, StepPurpose.SECOND_FACTOR, visitor.environment)
            is None
        ):
            raise self.refused(SignInRefusal.OVER, "code")
        return await self.open(visitor, step.person_id, method)

    async def _method_of(self, person_id: str, code: str) -> Method | None:
        credentials = self.stores.credentials
        if is_recovery_code(code):
            hashed = recovery_hash(self._pepper, person_id, code)
            taken = await credentials.take_recovery_code(person_id, hashed, person_actor(person_id))
            return Method.PASSWORD_AND_RECOVERY if taken else None
        secret = await credentials.totp_secret(person_id)
        step = step_of(secret, code, await record_time(self._pool)) if secret else None
        if step is None or not await credentials.take_step(person_id, step):
            return None
        return Method.PASSWORD_AND_TOTP

    async def ask_passkey(self, visitor: Visitor) -> str:
        """Return what the browser is asked for, as JSON. The challenge is good once, in this browser."""
        asked = ask_for_any(self.party)
        step = Step(StepPurpose.PASSKEY, visitor.environment, secret=asked.challenge)
        await self.stores.steps.begin(visitor.digest, step, STEP_LIFE)
        return asked.options

    async def by_passkey(self, visitor: Visitor, answer: dict[str, Any]) -> Opened:
        """Take the answer of a passkey. Raises `SignInRefused`."""
        step = await self.stores.steps.take(visitor.digest, StepPurpose.PASSKEY, visitor.environment)
        if step is None or step.secret is None:
            raise self.refused(SignInRefusal.OVER, "passkey")
        try:
            passkey = await self.stores.credentials.passkey(id_of(answer), visitor.environment)
            if passkey is None:
                raise self.refused(SignInRefusal.WRONG, "passkey")
        except PasskeyRefused:
            raise self.refused(SignInRefusal.WRONG, "passkey") from None
        try:
            count = counted(self.party, passkey, answer, step.secret)
        except PasskeyRefused:
            await self._note_wrong(passkey.person_id, "passkey")
            raise self.refused(SignInRefusal.WRONG, "passkey") from None
        if not await self.stores.credentials.count_up(passkey, count):
            await self._note_wrong(passkey.person_id, "passkey")
            raise self.refused(SignInRefusal.WRONG, "passkey")
        return await self.open(visitor, passkey.person_id, Method.PASSKEY)

    async def open(
        self, visitor: Visitor, person_id: str, method: Method, instead_of: int | None = None
    ) -> Opened:
        """Begin a session of a person who has shown enough, by a token that nobody had before. Raises `SignInRefused`
        where the person was disabled meanwhile, or the session of number `instead_of` has ended.
        """
        person = await self.stores.persons.person(person_id)
        digest = visitor.device_digest
        # A browser has one token, by which it is known for all who have signed in there: at a desk they take turns.
        shared = digest is not None and await self.stores.sessions.is_anybodys(digest)
        opened = Opened(visitor.environment, new_token(), visitor.device if shared else new_token())
        if (
            person is None
            or person.environment is not visitor.environment
            or not await self.stores.sessions.begin(
                token_digest(opened.token),
                person,
                method,
                None if method is Method.INVITATION else token_digest(opened.device),
                person_actor(person_id),
                instead_of,
            )
        ):
            raise self.refused(SignInRefusal.WRONG, method.value)
        self._metrics.sign_ins.labels(method.value, "opened").inc()
        return opened

    async def reopen(self, visitor: Visitor, session: PersonSession, method: Method) -> Opened:
        """Put a session in place of one that was for enrolling, now that there is a second factor. Raises
        `SignInRefused` where that one has ended.
        """
        return await self.open(visitor, session.person.id, method, session.number)

    async def sign_out(self, session: PersonSession) -> None:
        """End a session."""
        await self.stores.sessions.end(session.person.id, session.number, person_actor(session.person.id))

    async def sign_out_everywhere(self, session: PersonSession) -> int:
        """End all sessions of its person, and forget all its browsers."""
        return await self.stores.sessions.end_all(session.person.id, person_actor(session.person.id))

    async def begin(self, stage: Stage, visitor: Visitor, name: str) -> Begun:
        """Begin an attempt in a person's name, which counts as failed until it is said to have succeeded. Raises
        `SignInRefused` where too many have failed.
        """
        digest = visitor.device_digest
        sessions = self.stores.sessions
        if stage is Stage.OIDC:  # who comes is known when the provider has said so
            known = digest is not None and await sessions.is_anybodys(digest)
        else:
            known = digest is not None and await sessions.is_known(digest, name)
        claim = Claim(stage, visitor.environment, name, visitor.line, digest if known else None)
        begun = await self.stores.failures.begin(bounds_of(claim, self._pepper))
        if isinstance(begun, UsedUp):
            raise self.refused(SignInRefusal.THROTTLED, stage.value, begun.seconds)
        return begun

    async def _note_wrong(self, person_id: str, shown: str) -> None:
        await audit.note(self._pool, person_actor(person_id), "person.refused", person=person_id, shown=shown)

    def refused(self, refusal: SignInRefusal, shown: str, seconds: float = 0.0) -> SignInRefused:
        """Return a refusal, which is counted herewith."""
        self._metrics.sign_ins.labels(shown, refusal.value).inc()
        return SignInRefused(refusal, seconds)
