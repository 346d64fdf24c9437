"""The errors say why a body could not be read at all.

CapError
├── TooLarge          more bytes than the limit
├── LimitExceeded     too deep, too many elements, attributes, infos, areas, vertices, references, text
├── DoctypeRefused    a DOCTYPE: no alert needs one and every XML attack does
├── NotXml            not well-formed, not decodable, empty
├── NotJson           a JSON rendering that is not JSON of the expected shape
├── NotCap            XML, but neither an alert nor a known container of alerts
└── SignatureError    asked to sign or verify something that cannot be

Whatever can be read but is wrong is a finding on the alert, not an error.
"""

from typing import ClassVar


class CapError(ValueError):
    """A body yields no alert. Carries one sentence in English and German, and the line (from 1) where it is known."""

    code: ClassVar[str] = "cap"

    def __init__(self, message: str, message_de: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message_de = message_de
        self.line = line

    def __reduce__(self) -> tuple[object, ...]:  # a reader in another process raises it here
        return type(self), (str(self), self.message_de, self.line)


class TooLarge(CapError):
    code = "too-large"


class LimitExceeded(CapError):
    code = "limit-exceeded"


class DoctypeRefused(CapError):
    code = "doctype-refused"


class NotXml(CapError):
    code = "not-xml"


class NotJson(CapError):
    code = "not-json"


class NotCap(CapError):
    code = "not-cap"


class SignatureError(CapError):
    code = "signature"
