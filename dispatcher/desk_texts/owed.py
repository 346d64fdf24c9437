"""Say in words who is not reached by a message, and why: pure, from the service's JSON to lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.vocabulary import UNOWED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dispatcher.desk_texts.desk import Desk

UNKNOWN_STATUS: Final = "0x"
"""How the statuses of SMPP begin; what stands under it is said of those that the standard does not name."""


def waiting_lines(waiting: Iterable[Mapping[str, Any]], desk: Desk) -> list[str]:
    """Say who is still owed the message, why, and when it is tried again."""
    return [_owed_line("waiting", one, desk) for one in waiting]


def failed_lines(failed: Iterable[Mapping[str, Any]], desk: Desk) -> list[str]:
    """Say who is not reached and will not be, and why; those to whom nothing is owed apart from the failed."""
    return [_owed_line(one["reason"] if one["reason"] in UNOWED else "failed", one, desk) for one in failed]


def _owed_line(key: str, one: Mapping[str, Any], desk: Desk) -> str:
    """Say how many behind which gateway are not reached, why, and when it is tried again."""
    reason = desk.texts.failures.get(one["reason"], one["reason"])
    code = f" ({code_words(one['code'], desk)})" if one.get("code") else ""
    due = one.get("next_attempt_at")
    return desk.line(
        key,
        channel=channel_word(one["channel"], desk),
        gateway=one["gateway"],
        recipients=one["recipients"],
        reason=f"{reason}{code}{desk.line('next_attempt', at=desk.time(due)) if due else ''}",
    )


def code_words(code: str, desk: Desk) -> str:
    """Return what a code means, and the code itself, by which it is found in logs; any but our own as it is."""
    meaning = code_meaning(code, desk)
    return f"{meaning}, {code}" if meaning else code


def code_meaning(code: str, desk: Desk) -> str:
    """Return what a code of ours means, or one of SMPP; empty for an HTTP status and for a gateway's own word."""
    codes = desk.texts.codes
    return codes.get(code) or (codes[UNKNOWN_STATUS] if code.startswith(UNKNOWN_STATUS) else "")


def channel_word(channel: str, desk: Desk) -> str:
    """Return what a channel is called; one without a word by its name."""
    return desk.texts.channels.get(channel, channel)
