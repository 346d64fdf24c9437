"""Enrolling by a link, and changing what one signs in with."""

import json
from contextlib import suppress
from datetime import timedelta

import pyotp
import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.secret_tokens import token_digest
from dispatcher.model.vocabulary import Environment
from dispatcher.sign_in.accounts import MOST_PASSKEYS, OwnAccount
from dispatcher.sign_in.allowances import OF_PERSON_AND_LINE
from dispatcher.sign_in.passwords import TooManyHashes, WrongPassword
from dispatcher.sign_in.sign_in import Opened, SignInRefusal, SignInRefused
from dispatcher.store.clock import record_time
from dispatcher.store.persons.credentials import CredentialKind
from dispatcher.store.persons.sessions import Method, PersonSession
from tests.sign_in.conftest import Door
from tests.support.authenticator import Authenticator
from tests.support.console import CONSOLE, PASSWORD, invited

OTHER = "Die Talsperre ist voll"
KELLER = Person("m.keller", Environment.LIVE)


async def add_passkey(door: Door, session: PersonSession, label: str = "") -> bool:
    visitor = door.visitor()
    made = Authenticator(CONSOLE).make(json.loads(await door.accounts.ask_passkey(visitor, session)))
    return await door.accounts.add_passkey(visitor, session, made, label)


async def test_a_link_works_once_and_a_bad_password_does_not_use_it_up(door: Door) -> None:
    token = await invited(door.pool, KELLER)
    assert (await door.accounts.invited(token)).id == "m.keller"
    assert await door.accounts.accept(door.visitor(), token, "short") is WrongPassword.TOO_SHORT
    assert isinstance(await door.accounts.accept(door.visitor(), token, PASSWORD), Opened)
    assert await door.accounts.accept(door.visitor(), token, OTHER) is None
    assert await door.accounts.invited(token) is None


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "ü" * 43])
async def test_what_is_no_link_invites_nobody(door: Door, token: str) -> None:
    await invited(door.pool, KELLER)
    assert await door.accounts.invited(token) is None
    assert await door.accounts.accept(door.visitor(), token, PASSWORD) is None


async def test_a_link_of_the_exercise_opens_nothing_live(door: Door) -> None:
    token = await invited(door.pool, Person("m.uebung", Environment.EXERCISE))
    assert await door.accounts.accept(door.visitor(), token, PASSWORD) is None
    assert isinstance(
        await door.accounts.accept(door.visitor(environment=Environment.EXERCISE), token, PASSWORD), Opened
    )


async def test_a_password_is_changed_by_who_knows_it_and_others_are_signed_out(door: Door) -> None:
    session = await door.session(await door.enrol())
    other, here = [await door.sign_in.open(door.visitor(), "m.keller", Method.PASSKEY) for _ in range(2)]
    visitor, sessions = door.visitor(device=here.device), door.sign_in.stores.sessions
    assert await door.accounts.change_password(door.visitor(), session, "wrong", OTHER) is False
    assert (
        await door.accounts.change_password(door.visitor(), session, PASSWORD, "short")
        is WrongPassword.TOO_SHORT
    )
    assert await door.accounts.change_password(visitor, session, PASSWORD, OTHER) is True
    known = [await sessions.is_known(token_digest(one.device), "m.keller") for one in (other, here)]
    assert known == [False, True], "the browser in which it was changed"
    assert await door.sign_in.principal(other.token, Environment.LIVE) is None
    await door.sign_in.by_password(door.visitor(), "m.keller", OTHER)


async def test_at_a_desk_that_was_left_nobody_guesses_more_often_than_at_the_door(door: Door) -> None:
    session, visitor = await door.session(await door.enrol()), door.visitor()
    for _ in range(OF_PERSON_AND_LINE):
        assert await door.accounts.change_password(visitor, session, "guess", OTHER) is False
    with pytest.raises(SignInRefused):
        await door.accounts.change_password(visitor, session, PASSWORD, OTHER)


async def test_a_secret_is_kept_sealed_and_only_with_a_code_of_it(door: Door) -> None:
    session, secret = await door.session(await door.enrol()), pyotp.random_base32()
    for wrong_secret, code in ((secret, "000000"), ("short", "123456"), (secret.lower(), "123456")):
        assert not await door.accounts.put_totp(door.visitor(), session, wrong_secret, code)
    code = pyotp.TOTP(secret).at(int((await record_time(door.pool)).timestamp()))
    assert await door.accounts.put_totp(door.visitor(), session, secret, code)
    sealed = await door.pool.fetchval("SELECT sealed FROM person_credential WHERE kind = 'totp'")
    assert secret.encode() not in sealed
    assert await door.sign_in.stores.credentials.totp_secret("m.keller") == secret


async def test_the_last_second_factor_stays(door: Door) -> None:
    session = await door.session(await door.enrol())
    assert await add_passkey(door, session, " Dienst\u0000handy " + "x" * 80)
    account = await door.accounts.account("m.keller")
    (passkey,) = [one for one in account.credentials if one.kind is CredentialKind.PASSKEY]
    assert passkey.label == "Diensthandy " + "x" * 28
    assert account.second_factors
    assert not await door.accounts.remove(door.visitor(), session, passkey.number)
    assert await add_passkey(door, session)
    assert await door.accounts.remove(door.visitor(), session, passkey.number)
    assert not await door.accounts.remove(door.visitor(), session, passkey.number)


async def test_nobody_has_passkeys_without_end(door: Door) -> None:
    session = await door.session(await door.enrol())
    found = [await add_passkey(door, session) for _ in range(MOST_PASSKEYS + 1)]
    assert found == [True] * MOST_PASSKEYS + [False]


async def test_nobody_minds_anothers_account(door: Door) -> None:
    mine, other = [await door.session(await door.enrol(one)) for one in ("m.keller", "a.other")]
    await add_passkey(door, other)
    await add_passkey(door, other)
    theirs = (await door.accounts.account("a.other")).credentials
    assert not any([await door.accounts.remove(door.visitor(), mine, one.number) for one in theirs])
    assert not await door.accounts.end(mine, other.number)
    assert await door.accounts.end(other, other.number)


async def test_new_recovery_codes_take_the_place_of_the_old(door: Door) -> None:
    session = await door.session(await door.enrol())
    codes = [await door.accounts.new_recovery_codes(door.visitor(), session) for _ in range(2)]
    assert not set(codes[0]) & set(codes[1])
    account = await door.accounts.account("m.keller")
    assert sum(one.kind is CredentialKind.RECOVERY for one in account.credentials) == len(codes[1])
    kept = await door.pool.fetch("SELECT hash FROM person_credential WHERE kind = 'recovery'")
    assert not {row["hash"] for row in kept} & set(codes[1])
    assert not account.second_factors


async def signed_in(door: Door) -> PersonSession:
    """A person's session with a whole account: what a browser has that was left signed in."""
    opened = await door.sign_in.reopen(
        door.visitor(), await door.session(await door.enrol()), Method.PASSWORD_AND_TOTP
    )
    return await door.session(opened)


async def test_who_finds_a_browser_signed_in_gets_no_way_of_its_own_to_sign_in(door: Door) -> None:
    session, visitor, secret = await signed_in(door), door.visitor(), pyotp.random_base32()
    now = int((await record_time(door.pool)).timestamp())

    async def changed(password: str) -> list[str]:
        """What is changed with this password."""
        done = []
        for name, change in (
            ("passkey", door.accounts.ask_passkey(visitor, session, password)),
            ("totp", door.accounts.put_totp(visitor, session, secret, pyotp.TOTP(secret).at(now), password)),
            ("recovery", door.accounts.new_recovery_codes(visitor, session, password)),
            ("remove", door.accounts.remove(visitor, session, 0, password)),
        ):
            with suppress(SignInRefused):
                await change
                done.append(name)
        return done

    kinds = [one.kind for one in (await door.accounts.account("m.keller")).credentials]
    assert kinds == [CredentialKind.PASSWORD]
    assert await changed("guess") == []
    assert [one.kind for one in (await door.accounts.account("m.keller")).credentials] == kinds
    assert await changed(PASSWORD) == ["passkey", "totp", "recovery", "remove"]
    for _ in range(OF_PERSON_AND_LINE - 4):
        with pytest.raises(SignInRefused):
            await door.accounts.ask_passkey(visitor, session)
    with pytest.raises(SignInRefused) as throttled:
        await door.accounts.ask_passkey(visitor, session, PASSWORD)
    assert throttled.value.refusal is SignInRefusal.THROTTLED


async def test_a_change_that_is_under_way_ends_with_a_recovery(door: Door) -> None:
    session, secret = await signed_in(door), pyotp.random_base32()
    enrolling = await door.session(await door.enrol("a.other"))
    recover = door.sign_in.stores.invitations.recover
    assert await recover("a.other", b"new", timedelta(hours=1), UNNAMED_OPERATOR)
    code = pyotp.TOTP(secret).at(int((await record_time(door.pool)).timestamp()))
    await door.sign_in.stores.sessions.end("m.keller", session.number, UNNAMED_OPERATOR)
    for change in (
        door.accounts.put_totp(door.visitor(), enrolling, secret, code),
        door.accounts.new_recovery_codes(door.visitor(), enrolling),
        door.accounts.change_password(door.visitor(), session, PASSWORD, OTHER),
    ):
        with pytest.raises(SignInRefused) as refused:
            await change
        assert refused.value.refusal is SignInRefusal.OVER
    assert not await add_passkey(door, enrolling)
    with pytest.raises(SignInRefused):
        await door.sign_in.reopen(door.visitor(), enrolling, Method.PASSKEY)
    assert await door.accounts.account("a.other") == OwnAccount((), ())


async def test_what_is_too_busy_to_compare_a_password_counts_nothing_against_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await signed_in(door)
    monkeypatch.setattr("dispatcher.sign_in.passwords.WAITING_AT_MOST", 0)
    for _ in range(OF_PERSON_AND_LINE + 1):
        with pytest.raises(TooManyHashes):
            await door.accounts.change_password(door.visitor(), session, PASSWORD, OTHER)
    with pytest.raises(SignInRefused) as refused:
        await door.accounts.new_recovery_codes(door.visitor(), session, PASSWORD)
    assert refused.value.refusal is SignInRefusal.BUSY
