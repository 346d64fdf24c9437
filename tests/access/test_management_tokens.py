"""Tokens of subscribers."""

import hashlib

from dispatcher.access.management_tokens import LEAVE_TOKEN, MANAGEMENT_TOKEN, ManagementTokens


def tokens(secret: str = "secret") -> ManagementTokens:
    def keyed_hash(purpose: str, value: str) -> bytes:
        return hashlib.sha256(f"{secret} {purpose}\0{value}".encode()).digest()

    return ManagementTokens(keyed_hash, lambda: "r" * 43)


def test_tokens_have_their_form() -> None:
    assert MANAGEMENT_TOKEN.fullmatch(tokens().new())
    assert LEAVE_TOKEN.fullmatch(tokens().to_leave(7))
    assert tokens().to_leave(7) == tokens().to_leave(7) != tokens().to_leave(8)
    assert tokens().to_leave(7) != tokens("another").to_leave(7)


def test_what_the_record_keeps_is_of_one_purpose_each() -> None:
    made = tokens()
    values = {
        made.digest("x"),
        made.leave_digest("x"),
        made.device("x"),
        made.hidden("sign-up", "x"),
        made.installation("dueren", "x"),
        made.installation("juelich", "x"),
        made.code_digest(7, "x"),
        made.code_digest(8, "x"),
    }
    assert len(values) == 8
    assert {len(value) for value in values} == {32}
