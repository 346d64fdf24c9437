"""What the help of a command says besides its purpose: where it works, how it is typed, and its exit codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Function = TypeVar("Function", bound="Callable[..., Any]")


class Where(Enum):
    """Where a command works, in the language of its help."""

    ANYWHERE = "Spricht über HTTP mit dem Dienst, von jedem Rechner aus, mit dem Schlüssel in WARN_API_KEY."
    ALONE = "Braucht weder Dienst noch Schlüssel."
    SERVER = "Works at the server, with its DATABASE_URL or its data directory (WARN_DATA_DIR)."
    FILES = "Works on files alone: needs neither service nor key."


@dataclass(frozen=True, slots=True)
class HelpText:
    """`examples` are whole lines as they are typed; `exits` says what each exit code means."""

    where: Where
    examples: tuple[str, ...] = ()
    exits: Mapping[int, str] | None = None

    @property
    def is_german(self) -> bool:
        return self.where in (Where.ANYWHERE, Where.ALONE)


OPERATED: Final = {
    0: "done",
    1: "refused, not there, or done in part: the sentence says which",
    2: "wrong call",
}
"""The exit codes of operators' commands that have none of their own."""
SENT: Final = {
    0: "angenommen (ob jemand gewarnt wird, sagt die erste Zeile)",
    1: "abgelehnt, nichts wird gesendet: die Meldung berichtigen",
    2: "falscher Aufruf, nichts ist gesendet: den Aufruf berichtigen",
    3: "unbekannt, ob angenommen: dieselbe Datei noch einmal senden",
    4: "nicht angenommen, Grenze je Stunde erreicht: später noch einmal senden",
}
"""The exit codes of whatever sends a message."""
SUBMITTED: Final = SENT | {5: "mit --expect-sent: angenommen, aber an niemanden gesendet"}
"""The exit codes of `submit`."""
FOLLOWED_UP: Final = SENT | {6: "keine Antwort, nichts ist gesendet: denselben Befehl noch einmal"}
"""The exit codes of what asks the service for an earlier message before it sends."""
SHOWN: Final = {
    0: "gezeigt",
    1: "abgelehnt, oder gibt es nicht",
    2: "falscher Aufruf",
    3: "keine Antwort des Dienstes",
}
"""The exit codes of whatever only asks the service."""


def helped(
    where: Where, *examples: str, exits: Mapping[int, str] | None = None
) -> Callable[[Function], Function]:
    """Say more of a command than its docstring does."""

    def mark(command: Function) -> Function:
        command.__dict__["help_text"] = HelpText(where, examples, exits)
        return command

    return mark


def help_text_of(callback: Any, default: Where = Where.SERVER) -> HelpText:
    """Return what is said of a command, or what is true of every command that works there."""
    found: HelpText = getattr(callback, "help_text", None) or HelpText(default)
    return found


def exits_of(text: HelpText) -> Mapping[int, str]:
    return text.exits if text.exits is not None else OPERATED


def epilog(text: HelpText) -> str:
    """Return what stands at the end of a command's help; the backspace keeps a paragraph's lines as they are."""
    return "\n\n".join(("\n".join(["\b", *lines])) for lines in _paragraphs(text))


def _paragraphs(text: HelpText) -> Iterator[list[str]]:
    yield [text.where.value]
    if text.examples:
        yield ["Beispiele:" if text.is_german else "Examples:", *(f"  {line}" for line in text.examples)]
    yield [
        "Exit-Codes:" if text.is_german else "Exit codes:",
        *(f"  {code}  {meaning}" for code, meaning in exits_of(text).items()),
    ]
