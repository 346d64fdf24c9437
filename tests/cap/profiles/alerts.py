"""Small alerts for the tests of profiles."""

from datetime import UTC, datetime

import cap
from cap.profiles import check_profiles


def named(*pairs: tuple[str, str]) -> tuple[cap.NamedValue, ...]:
    """Named values, in order."""
    return tuple(cap.NamedValue(name, value) for name, value in pairs)


def alert(
    identifier: str = "x-1",
    sender: str = "s@x.example",
    msg_type: cap.MsgType = cap.MsgType.ALERT,
    codes: tuple[str, ...] = (),
    infos: tuple[cap.Info, ...] = (),
    status: cap.Status = cap.Status.ACTUAL,
) -> cap.Alert:
    """An alert that follows no profile unless an argument makes it."""
    return cap.Alert(
        sender,
        identifier,
        datetime(2026, 11, 22, tzinfo=UTC),
        status,
        msg_type,
        cap.Scope.PUBLIC,
        codes=codes,
        infos=infos,
    )


def codes(message: cap.Alert) -> list[str]:
    """The codes of what breaks the profiles that the message follows."""
    return [finding.code for finding in check_profiles(message)]
