"""Let persons mind their own accounts: enrol by a link, and change what they show. Nobody else does it for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.principals import person_actor
from dispatcher.access.secret_tokens import is_token, token_digest
from dispatcher.sign_in.one_time_codes import ISSUER, is_secret, new_recovery_codes, recovery_hash, step_of
from dispatcher.sign_in.passkeys import PasskeyRefused, ask_for_new, made
from dispatcher.sign_in.passwords import TooManyHashes, WrongPassword, wrong_password
from dispatcher.sign_in.sign_in import STEP_LIFE, SignInRefusal, SignInRefused
from dispatcher.store.clock import record_time
from dispatcher.store.persons.credentials import SECOND_FACTORS
from dispatcher.store.persons.sessions import Method
from dispatcher.store.persons.steps import Step, StepPurpose

if TYPE_CHECKING:
    from dispatcher.access.persons import Person
    from dispatcher.sign_in.sign_in import Opened, SignIn, Visitor
    from dispatcher.store.persons.credentials import CredentialEntry
    from dispatcher.store.persons.sessions import PersonSession, SessionEntry
    from dispatcher.store.record import Pool

MOST_PASSKEYS: Final = 10
LONGEST_LABEL: Final = 40


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What a person sees of its own account."""

    credentials: tuple[CredentialEntry, ...]
    sessions: tuple[SessionEntry, ...]

    @property
    def second_factors(self) -> tuple[CredentialEntry, ...]:
        """Return what there is beside the password."""
        return tuple(one for one in self.credentials if one.kind in SECOND_FACTORS)


class Accounts:
    """Minds them. Every change is on the audit trail, by the person itself. What a person signs in with is changed by
    who shows the password once more: whoever sits at a desk that was left would be that person for good.
    """

    def __init__(self, pool: Pool, sign_in: SignIn, pepper: bytes) -> None:
        self._pool = pool
        self._sign_in = sign_in
        self._stores = sign_in.stores
        self._pepper = pepper

    async def account(self, person_id: str) -> OwnAccount:
        """Return what there is of a person's account."""
        return OwnAccount(
            tuple(await self._stores.credentials.listed(person_id)),
            tuple(await self._stores.sessions.listed(person_id)),
        )

    async def invited(self, token: str) -> Person | None:
        """Return whom a link invites, without changing anything."""
        return await self._stores.invitations.invited(token_digest(token)) if is_token(token) else None

    async def accept(self, visitor: Visitor, token: str, password: str) -> Opened | WrongPassword | None:
        """Let the person of a link choose its password: a session begins, in which it can enrol and nothing else.
        Returns what is wrong with the password; None where the link is good no more. Raises `TooManyHashes`.
        """
        person = await self.invited(token)
        if person is None or person.environment is not visitor.environment:
            return None
        if wrong := wrong_password(password, person.id):
            return wrong
        hashed = await self._sign_in.passwords.hash(password)
        accepted = await self._stores.invitations.accept(token_digest(token), hashed, person_actor(person.id))
        if accepted is None:
            return None
        return await self._sign_in.open(visitor, accepted.id, Method.INVITATION)

    async def change_password(
        self, visitor: Visitor, session: PersonSession, before: str, after: str
    ) -> WrongPassword | bool:
        """Change a person's password, who shows the one before. Returns what is wrong with the new one, or whether the
        old one was right. All other sessions end, and all other browsers are forgotten. Raises `TooManyHashes`, and
        `SignInRefused` where the session has ended, or too many attempts have failed: whoever sits at a desk that was
        left guesses no more often than at the door.
        """
        person = session.person
        if not await self._has_shown(visitor, session, before):
            return False
        if wrong := wrong_password(after, person.id):
            return wrong
        actor = person_actor(person.id)
        hashed = await self._sign_in.passwords.hash(after)
        done = await self._stores.credentials.put_password(person.id, hashed, actor, session.number)
        _require(session_is_there=done)
        await self._stores.sessions.end_all(
            person.id, actor, but=session.number, device=visitor.device_digest
        )
        return True

    async def put_totp(
        self, visitor: Visitor, session: PersonSession, secret: str, code: str, password: str = ""
    ) -> bool:
        """Let a secret of TOTP be the person's, who shows a code of it. Returns whether the code was right. Raises
        `SignInRefused` for another password than the person's.
        """
        await self._ask_password(visitor, session, password)
        if not is_secret(secret):
            return False
        step = step_of(secret, code, await record_time(self._pool))
        if step is None:
            return False
        person_id = session.person.id
        done = await self._stores.credentials.put_totp(
            person_id, secret, step, person_actor(person_id), session.number
        )
        _require(session_is_there=done)
        return True

    async def ask_passkey(self, visitor: Visitor, session: PersonSession, password: str = "") -> str:
        """Return what the browser is asked to make a passkey of, as JSON. The challenge is good once. Raises
        `SignInRefused` for another password than the person's.
        """
        await self._ask_password(visitor, session, password)
        person_id = session.person.id
        known = await self._stores.credentials.passkey_ids(person_id)
        asked = ask_for_new(self._sign_in.party, person_id, ISSUER, known)
        step = Step(StepPurpose.NEW_PASSKEY, visitor.environment, person_id, asked.challenge)
        await self._stores.steps.begin(visitor.digest, step, STEP_LIFE)
        return asked.options

    async def add_passkey(
        self, visitor: Visitor, session: PersonSession, answer: dict[str, Any], label: str
    ) -> bool:
        """Let a passkey sign its person in that was made just now, of what `ask_passkey` gave. Returns whether that is
        so.
        """
        person_id = session.person.id
        step = await self._stores.steps.take(visitor.digest, StepPurpose.NEW_PASSKEY, visitor.environment)
        if step is None or step.secret is None or step.person_id != person_id:
            return False
        credentials = self._stores.credentials
        if len(await credentials.passkey_ids(person_id)) >= MOST_PASSKEYS:
            return False
        try:
            passkey = made(self._sign_in.party, person_id, answer, step.secret)
        except PasskeyRefused:
            return False
        shown = "".join(one for one in label.strip() if one.isprintable())[:LONGEST_LABEL]
        return await credentials.add_passkey(passkey, shown, person_actor(person_id), session.number)

    async def new_recovery_codes(
        self, visitor: Visitor, session: PersonSession, password: str = ""
    ) -> list[str]:
        """Return recovery codes, which are shown once, in place of all before. Raises `SignInRefused` for another
        password than the person's.
        """
        await self._ask_password(visitor, session, password)
        person_id, codes = session.person.id, new_recovery_codes()
        hashes = [recovery_hash(self._pepper, person_id, code) for code in codes]
        done = await self._stores.credentials.put_recovery_codes(
            person_id, hashes, person_actor(person_id), session.number
        )
        _require(session_is_there=done)
        return codes

    async def remove(self, visitor: Visitor, session: PersonSession, number: int, password: str = "") -> bool:
        """Remove a passkey or the secret of TOTP, unless it is the last second factor. Returns whether that is so.
        Raises `SignInRefused` for another password than the person's.
        """
        await self._ask_password(visitor, session, password)
        person_id = session.person.id
        return await self._stores.credentials.remove(
            person_id, number, person_actor(person_id), session.number
        )

    async def end(self, session: PersonSession, number: int) -> bool:
        """End another session of the same person."""
        person_id = session.person.id
        return await self._stores.sessions.end(person_id, number, person_actor(person_id))

    async def _ask_password(self, visitor: Visitor, session: PersonSession, password: str) -> None:
        """Raise `SignInRefused` unless the person has shown its password now. Who enrols has, by choosing it."""
        if session.method is Method.INVITATION:
            return
        try:
            if await self._has_shown(visitor, session, password):
                return
        except TooManyHashes:
            raise SignInRefused(SignInRefusal.BUSY) from None
        raise SignInRefused(SignInRefusal.WRONG)

    async def _has_shown(self, visitor: Visitor, session: PersonSession, password: str) -> bool:
        """Whether this is the person's password; a wrong one counts like one at the door. Raises `TooManyHashes`, which
        counts for nothing, and `SignInRefused`.
        """
        return await self._sign_in.shown_hash(visitor, session.person.id, password) is not None


def _require(*, session_is_there: bool) -> None:
    """Raise `SignInRefused` where the session of a change has ended meanwhile, so that nothing was changed."""
    if not session_is_there:
        raise SignInRefused(SignInRefusal.OVER)
