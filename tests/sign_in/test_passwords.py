"""Which passwords there may be, and how they are hashed."""

import asyncio

import pytest

from dispatcher.sign_in.passwords import (
    WAITING_AT_MOST,
    Passwords,
    TooManyHashes,
    WrongPassword,
    wrong_password,
)
from tests.support.console import CHEAP


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("Rurpegel steigt im November", None),
        ("ganz kleine buchstaben", None),
        ("zwölf zeichn", None),
        ("elf zeichen", WrongPassword.TOO_SHORT),
        ("", WrongPassword.TOO_SHORT),
        ("x" * 257, WrongPassword.TOO_LONG),
        ("aaaaaaaaaaaaaaaa", WrongPassword.PATTERN),
        ("abababababababab", WrongPassword.PATTERN),
        ("123456789012345", WrongPassword.PATTERN),
        ("abcdefghijklmnop", WrongPassword.PATTERN),
        ("qwertzuiopasdfghjkl", WrongPassword.PATTERN),
        ("987654321098765", WrongPassword.PATTERN),
        ("keller.keller.keller", WrongPassword.NAME),
        ("Keller2026Keller", WrongPassword.NAME),
    ],
)
def test_which_passwords_there_may_be(password: str, wrong: WrongPassword | None) -> None:
    assert wrong_password(password, "m.keller") is wrong


async def test_a_password_is_right_however_a_keyboard_composes_it() -> None:
    passwords = Passwords(CHEAP)
    hashed = await passwords.hash("Überflutung der Rur")
    assert hashed.startswith("$argon2id$")
    assert await passwords.is_right(hashed, "U\u0308berflutung der Rur")
    assert not await passwords.is_right(hashed, "überflutung der Rur")


@pytest.mark.parametrize("hashed", [None, "", "$argon2id$nonsense", "plain"])
async def test_what_is_no_hash_fits_no_password(hashed: str | None) -> None:
    assert not await Passwords(CHEAP).is_right(hashed, "nobody has this password")


def test_a_weaker_hash_is_made_anew() -> None:
    assert Passwords().is_outdated(CHEAP.hash("Rurpegel steigt im November"))


async def test_a_crowd_at_the_door_is_turned_away() -> None:
    passwords = Passwords(CHEAP)
    answers = await asyncio.gather(
        *(passwords.hash("x") for _ in range(WAITING_AT_MOST + 3)), return_exceptions=True
    )
    assert sum(isinstance(one, TooManyHashes) for one in answers) == 3
    assert await passwords.hash("afterwards there is room")
