"""Signing in on a real record: what lets a person in, and all that does not."""

import asyncio
import json
from typing import Any

import pyotp
import pytest

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import Role
from dispatcher.access.secret_tokens import new_token, token_digest
from dispatcher.metrics.access import SIGNED_IN_BY
from dispatcher.model.vocabulary import Environment
from dispatcher.sign_in.allowances import OF_DEVICE, OF_PERSON_AND_LINE
from dispatcher.sign_in.one_time_codes import STEP_S
from dispatcher.sign_in.sign_in import SignInRefusal, SignInRefused
from dispatcher.store.clock import record_time
from dispatcher.store.persons.sessions import Method
from tests.sign_in.conftest import Door
from tests.support.authenticator import Authenticator
from tests.support.console import CONSOLE, PASSWORD


async def code_now(door: Door, secret: str, steps: int = 0) -> str:
    """The code that a phone shows, whose clock is so many steps ahead."""
    return pyotp.TOTP(secret).at(int((await record_time(door.pool)).timestamp()) + steps * STEP_S)


async def whole(door: Door, person_id: str = "m.keller", environment: Environment = Environment.LIVE) -> str:
    """A person with a password and TOTP, whose codes were not used yet; returns the secret."""
    opened = await door.enrol(person_id, environment)
    secret = pyotp.random_base32()
    assert await door.accounts.put_totp(
        door.visitor(), await door.session(opened), secret, await code_now(door, secret, -1)
    )
    return secret


async def refused(attempt: Any) -> SignInRefusal:
    with pytest.raises(SignInRefused) as raised:
        await attempt
    return raised.value.refusal


async def test_password_and_code_let_in_and_neither_alone_does(door: Door) -> None:
    secret, visitor = await whole(door), door.visitor()
    assert await refused(door.sign_in.by_code(visitor, await code_now(door, secret))) is SignInRefusal.OVER
    await door.sign_in.by_password(visitor, " M.Keller ", PASSWORD)
    assert await door.sign_in.principal(visitor.token, Environment.LIVE) is None
    opened = await door.sign_in.by_code(visitor, await code_now(door, secret))
    principal, session = await door.held(opened)
    assert (principal.actor, session.method) == ("person:m.keller", Method.PASSWORD_AND_TOTP)
    assert principal.may(Permission.SUBMIT_ALERTS)
    assert principal.source.id == "leitstelle"
    assert opened.token != visitor.token, "nobody fixes a session beforehand"
    assert door.count("password+totp", "opened") == 1


async def test_a_code_is_good_once_also_for_who_has_the_password(door: Door) -> None:
    secret, first, second = await whole(door), door.visitor(), door.visitor("192.0.2.2")
    code = await code_now(door, secret)
    for visitor in (first, second):
        await door.sign_in.by_password(visitor, "m.keller", PASSWORD)
    await door.sign_in.by_code(first, code)
    assert await refused(door.sign_in.by_code(second, code)) is SignInRefusal.WRONG
    assert await refused(door.sign_in.by_code(first, await code_now(door, secret, 1))) is SignInRefusal.OVER
    trail = await door.pool.fetchval("SELECT count(*) FROM audit WHERE action = 'person.refused'")
    assert trail == 1, "somebody had the password"


async def test_of_two_at_once_with_one_code_one_is_let_in(door: Door) -> None:
    secret, visitors = await whole(door), [door.visitor(f"192.0.2.{n}") for n in (1, 2)]
    code = await code_now(door, secret)
    for visitor in visitors:
        await door.sign_in.by_password(visitor, "m.keller", PASSWORD)
    found = await asyncio.gather(
        *(door.sign_in.by_code(one, code) for one in visitors), return_exceptions=True
    )
    assert sum(isinstance(one, SignInRefused) for one in found) == 1


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("m.keller", "wrong"),
        ("nobody", PASSWORD),
        ("", ""),
        ("x" * 10_000, PASSWORD),
        ("m.keller'--", PASSWORD),
    ],
)
async def test_what_is_wrong_is_not_said(door: Door, name: str, password: str) -> None:
    await whole(door)
    assert await refused(door.sign_in.by_password(door.visitor(), name, password)) is SignInRefusal.WRONG


async def test_a_person_of_the_exercise_is_none_of_the_live_service(door: Door) -> None:
    await whole(door, "m.uebung", Environment.EXERCISE)
    assert (
        await refused(door.sign_in.by_password(door.visitor(), "m.uebung", PASSWORD)) is SignInRefusal.WRONG
    )
    visitor = door.visitor(environment=Environment.EXERCISE)
    await door.sign_in.by_password(visitor, "m.uebung", PASSWORD)
    other = door.visitor()
    moved = type(visitor)(Environment.LIVE, visitor.token, other.line)
    assert await refused(door.sign_in.by_code(moved, "000000")) is SignInRefusal.OVER


async def test_a_session_is_of_one_environment(door: Door) -> None:
    opened = await door.enrol("m.uebung", Environment.EXERCISE)
    assert await door.sign_in.principal(opened.token, Environment.LIVE) is None
    assert await door.sign_in.principal(opened.token, Environment.EXERCISE)
    for nothing in ("", "x", "ü" * 43, "x" * 43):
        assert await door.sign_in.principal(nothing, Environment.EXERCISE) is None


async def test_a_stranger_waits_and_locks_nobody_out(door: Door) -> None:
    secret, known = await whole(door), door.visitor("198.51.100.7")
    await door.sign_in.by_password(known, "m.keller", PASSWORD)
    opened = await door.sign_in.by_code(known, await code_now(door, secret))
    stranger = [door.visitor("203.0.113.9") for _ in range(OF_PERSON_AND_LINE)]
    for one in stranger:
        assert await refused(door.sign_in.by_password(one, "m.keller", "guess")) is SignInRefusal.WRONG
    with pytest.raises(SignInRefused) as raised:
        await door.sign_in.by_password(stranger[0], "m.keller", PASSWORD)
    assert raised.value.refusal is SignInRefusal.THROTTLED
    assert 0 < raised.value.seconds <= 900
    await door.pool.execute(  # from as many lines as there are
        "INSERT INTO sign_in_failure (key) SELECT key FROM sign_in_failure, generate_series(1, 300)"
    )
    again = door.visitor("203.0.113.9", device=opened.device)
    await door.sign_in.by_password(again, "m.keller", PASSWORD)
    assert (await door.sign_in.by_code(again, await code_now(door, secret, 1))).device == opened.device


async def test_a_known_browser_has_an_end_too_and_is_known_for_its_person_only(door: Door) -> None:
    secret = await whole(door)
    await whole(door, "a.other")
    visitor = door.visitor()
    await door.sign_in.by_password(visitor, "m.keller", PASSWORD)
    opened = await door.sign_in.by_code(visitor, await code_now(door, secret))
    known = [door.visitor("203.0.113.9", device=opened.device) for _ in range(OF_DEVICE)]
    for one in known:
        assert await refused(door.sign_in.by_password(one, "m.keller", "guess")) is SignInRefusal.WRONG
    assert await refused(door.sign_in.by_password(known[0], "m.keller", PASSWORD)) is SignInRefusal.THROTTLED
    for one in known[:OF_PERSON_AND_LINE]:
        assert await refused(door.sign_in.by_password(one, "a.other", "guess")) is SignInRefusal.WRONG
    assert await refused(door.sign_in.by_password(known[0], "a.other", PASSWORD)) is SignInRefusal.THROTTLED


async def test_at_a_desk_that_persons_share_the_browser_stays_known_for_each(door: Door) -> None:
    for person_id in ("m.keller", "a.other"):
        await door.enrol(person_id)
    first = await door.sign_in.open(door.visitor(), "m.keller", Method.PASSKEY)
    second = await door.sign_in.open(door.visitor(device=first.device), "a.other", Method.PASSKEY)
    assert second.device == first.device, "the other person's turn does not replace it"
    digest, sessions = token_digest(first.device), door.sign_in.stores.sessions
    assert [await sessions.is_known(digest, one) for one in ("m.keller", "a.other")] == [True, True]
    await door.sign_in.sign_out_everywhere(await door.session(second))
    assert [await sessions.is_known(digest, one) for one in ("m.keller", "a.other")] == [True, False]
    made_up = new_token()
    assert (
        await door.sign_in.open(door.visitor(device=made_up), "m.keller", Method.PASSKEY)
    ).device != made_up


async def test_attempts_at_once_are_no_way_past_the_limit(door: Door) -> None:
    await whole(door)
    attempts = (door.sign_in.by_password(door.visitor(), "m.keller", "guess") for _ in range(12))
    found = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(one.refusal is SignInRefusal.WRONG for one in found) == OF_PERSON_AND_LINE


async def test_a_passkey_lets_in_alone_and_its_challenge_is_good_once(door: Door) -> None:
    visitor, authenticator = door.visitor(), Authenticator(CONSOLE)
    session = await door.session(await door.enrol())
    made = authenticator.make(json.loads(await door.accounts.ask_passkey(visitor, session)))
    assert await door.accounts.add_passkey(visitor, session, made, "Diensthandy")
    answer = authenticator.sign(json.loads(await door.sign_in.ask_passkey(visitor)))
    opened = await door.sign_in.by_passkey(visitor, answer)
    assert (await door.session(opened)).method is Method.PASSKEY
    assert await refused(door.sign_in.by_passkey(visitor, answer)) is SignInRefusal.OVER, "a replay"
    await door.sign_in.ask_passkey(visitor)
    assert await refused(door.sign_in.by_passkey(visitor, answer)) is SignInRefusal.WRONG, (
        "of another challenge"
    )
    authenticator.used = 0
    copied = authenticator.sign(json.loads(await door.sign_in.ask_passkey(visitor)))
    assert await refused(door.sign_in.by_passkey(visitor, copied)) is SignInRefusal.WRONG, (
        "the count stands still"
    )
    trail = await door.pool.fetchval("SELECT count(*) FROM audit WHERE action = 'person.refused'")
    assert trail == 2


async def test_a_challenge_is_of_the_browser_that_asked(door: Door) -> None:
    one, other, authenticator = door.visitor(), door.visitor(), Authenticator(CONSOLE)
    session = await door.session(await door.enrol())
    made = authenticator.make(json.loads(await door.accounts.ask_passkey(one, session)))
    assert not await door.accounts.add_passkey(other, session, made, "")
    assert await door.accounts.add_passkey(one, session, made, "")
    answer = authenticator.sign(json.loads(await door.sign_in.ask_passkey(one)))
    assert await refused(door.sign_in.by_passkey(other, answer)) is SignInRefusal.OVER
    assert await refused(door.sign_in.by_passkey(one, {"rawId": "bm9uZQ"})) is SignInRefusal.WRONG


async def test_a_recovery_code_stands_in_once(door: Door) -> None:
    await whole(door)
    session = await door.session(await door.sign_in.open(door.visitor(), "m.keller", Method.PASSKEY))
    code = (await door.accounts.new_recovery_codes(door.visitor(), session, PASSWORD))[0]
    visitor = door.visitor()
    await door.sign_in.by_password(visitor, "m.keller", PASSWORD)
    opened = await door.sign_in.by_code(visitor, code.upper())
    assert (await door.session(opened)).method is Method.PASSWORD_AND_RECOVERY
    await door.sign_in.by_password(visitor, "m.keller", PASSWORD)
    assert await refused(door.sign_in.by_code(visitor, code)) is SignInRefusal.WRONG


async def test_what_changes_for_a_person_holds_at_the_next_request(door: Door) -> None:
    persons = door.sign_in.stores.persons
    await whole(door)
    opened = await door.sign_in.open(door.visitor(), "m.keller", Method.PASSKEY)
    await persons.withdraw("m.keller", Role.AUTHOR, UNNAMED_OPERATOR)
    principal, _ = await door.held(opened)
    assert principal.permissions == frozenset()
    await persons.disable("m.keller", UNNAMED_OPERATOR)
    assert await door.sign_in.principal(opened.token, Environment.LIVE) is None
    assert (
        await refused(door.sign_in.by_password(door.visitor(), "m.keller", PASSWORD)) is SignInRefusal.WRONG
    )
    assert await refused(door.sign_in.open(door.visitor(), "m.keller", Method.PASSKEY)) is SignInRefusal.WRONG


async def test_signing_out_here_and_everywhere(door: Door) -> None:
    await whole(door)
    opened = [await door.sign_in.open(door.visitor(), "m.keller", Method.PASSKEY) for _ in range(3)]
    await door.sign_in.sign_out(await door.session(opened[0]))
    holding = [await door.sign_in.principal(one.token, Environment.LIVE) is not None for one in opened]
    assert holding == [False, True, True]
    await door.sign_in.sign_out_everywhere(await door.session(opened[1]))
    assert await door.sign_in.principal(opened[2].token, Environment.LIVE) is None
    assert not await door.pool.fetchval("SELECT count(*) FROM person_device")


async def test_who_has_come_by_a_link_may_enrol_and_nothing_else(door: Door) -> None:
    opened = await door.enrol()
    principal, session = await door.held(opened)
    assert (session.method, principal.permissions, principal.held) == (Method.INVITATION, frozenset(), ())
    again = await door.sign_in.reopen(door.visitor(), session, Method.PASSKEY)
    assert await door.sign_in.principal(opened.token, Environment.LIVE) is None
    assert (await door.sign_in.principal(again.token, Environment.LIVE))[0].may(Permission.SUBMIT_ALERTS)


def test_every_way_to_sign_in_is_counted_from_the_start() -> None:
    assert set(SIGNED_IN_BY) == set(Method)
