"""Turns bytes into a tree of elements within the limits, in one pass of one parser.

Expat alone reads the document, so what the limits saw is what the model is built from: no second parser can
understand the bytes differently. A DOCTYPE is refused as a parse event, therefore in every encoding expat
knows; encodings that neither it nor `cap.parse.encodings` knows (UTF-7, UTF-32, EBCDIC) are not XML here. Without
a DOCTYPE there are no entities but the five built in, and nothing that could name a file or an address.
"""

from typing import TYPE_CHECKING, Final
from xml.parsers import expat

import msgspec

from cap.errors import CapError, DoctypeRefused, LimitExceeded, NotXml, TooLarge
from cap.limits import Limits
from cap.parse import encodings

if TYPE_CHECKING:
    from collections.abc import Callable

_SEPARATOR: Final = " "


class Element(msgspec.Struct, eq=False, gc=False):
    """An element of the document. `tag` is "namespace local" (or "local"); `offset` is its place in its parent's
    text.

    The garbage collector never looks at one (`gc=False`): a message has thousands, and a tree has no cycle.
    """

    tag: str
    line: int
    offset: int = 0
    attributes: dict[str, str] | None = None
    text: str = ""
    children: list["Element"] | tuple["Element", ...] = ()  # a list only where there is a child

    @property
    def local(self) -> str:
        return self.tag.rpartition(" ")[2]

    @property
    def namespace(self) -> str:
        return self.tag.rpartition(" ")[0]


def read(data: bytes, limits: Limits) -> tuple[Element, list[str]]:
    """Returns the root element and the codes of what had to be repaired to read it.

    Raises TooLarge, LimitExceeded, DoctypeRefused or NotXml and nothing else; reads nothing but `data`.
    """
    if len(data) > limits.max_bytes:
        raise TooLarge(*too_large(len(data), limits.max_bytes))
    body, encoding, repairs = encodings.detect(data)
    if not body:
        raise NotXml("The body is empty.", "Die Einsendung ist leer.")
    return _Builder(limits, encodings.lines_before(data) if repairs else 0, encoding).build(body), repairs


def read_text(text: str, limits: Limits) -> tuple[Element, list[str]]:
    """Reads a document that stood inside another: its characters are known, whatever encoding it declares."""
    body = text.strip().encode()
    if len(body) > limits.max_bytes:
        raise TooLarge(*too_large(len(body), limits.max_bytes))
    return _Builder(limits, encoding="utf-8").build(body), []


_UNCLOSED: Final = frozenset(
    expat.errors.codes[message]
    for message in (expat.errors.XML_ERROR_TAG_MISMATCH, expat.errors.XML_ERROR_NO_ELEMENTS)
)
"""Expat's errors where an element was left open: another one ends, or the document."""


class _Builder:
    """Builds the tree in expat's handlers, which count an element before they keep it."""

    def __init__(self, limits: Limits, skipped_lines: int = 0, encoding: str | None = None) -> None:
        self._limits = limits
        self._skipped = skipped_lines
        self._parser = expat.ParserCreate(encoding, _SEPARATOR)
        self._innermost: Callable[[], Element] = lambda: Element("", 0)

    def build(self, body: bytes) -> Element:
        parser = self._parser
        parser.buffer_text = True
        parser.buffer_size = 1 << 16
        root = self._attach()
        self._count_namespaces()
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        try:
            parser.Parse(body, True)
        except expat.ExpatError as error:
            line = error.lineno + self._skipped
            left_open, left_open_de = self._left_open(error.code)
            raise NotXml(
                f"Not well-formed XML: {expat.ErrorString(error.code)} (line {line}).{left_open}",
                f"Kein wohlgeformtes XML: Zeile {line}, Spalte {error.offset + 1}.{left_open_de}",
                line,
            ) from None
        except (LookupError, ValueError) as error:
            if isinstance(error, CapError):
                raise
            raise NotXml(
                "The declared encoding is not one that can be read safely.",
                "Die angegebene Zeichenkodierung ist nicht sicher lesbar.",
                1,
            ) from None
        finally:  # the handlers refer to the parser and it to them: without this the reference cycle lingers
            parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
            parser.StartNamespaceDeclHandler = parser.EndNamespaceDeclHandler = None
            parser.StartDoctypeDeclHandler = None
        return root.children[0]

    def _left_open(self, code: int) -> tuple[str, str]:
        """Says in English and German which element was not closed, where that is what went wrong."""
        current = self._innermost()
        if code not in _UNCLOSED or not current.line:
            return "", ""
        return (
            f" <{current.local}> of line {current.line} is not closed.",
            f" Das Element <{current.local}> aus Zeile {current.line} ist nicht geschlossen.",
        )

    def _refuse_doctype(self, *_: object) -> None:
        line = self._parser.CurrentLineNumber + self._skipped
        raise DoctypeRefused(
            f"The document declares a DOCTYPE (line {line}); alerts must not.",
            f"Das Dokument enthält eine DOCTYPE-Angabe (Zeile {line}); Meldungen dürfen das nicht.",
            line,
        )

    def _count_namespaces(self) -> None:
        """Installs the handlers that bound the declarations in scope."""
        parser, most, inside = self._parser, self._limits.max_namespaces, 0

        def declare(_prefix: str | None, _uri: str | None) -> None:
            nonlocal inside
            inside += 1
            if inside > most:
                raise _exceeded(
                    f"more than {most} namespaces at once",
                    f"mehr als {most} Namensräume zugleich",
                    parser.CurrentLineNumber + self._skipped,
                )

        def forget(_prefix: str | None) -> None:
            nonlocal inside
            inside -= 1

        parser.StartNamespaceDeclHandler = declare
        parser.EndNamespaceDeclHandler = forget

    def _attach(self) -> Element:
        """Installs the element handlers; the returned element is the document above the root."""
        parser, limits, skipped = self._parser, self._limits, self._skipped
        most, deepest, longest = (
            limits.max_elements,
            limits.max_depth,
            limits.max_name,
        )  # locals: read for every element
        document = current = Element("", 0)
        # The text so far of the element that is open, in pieces: a string that grew at every child would be copied
        # at every child.
        pieces: list[str] = []
        length = count = 0
        stack: list[tuple[Element, list[str], int]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal current, pieces, length, count
            count += 1
            line = parser.CurrentLineNumber + skipped
            if count > most or len(stack) >= deepest or len(tag) > longest or attributes:
                _guard(limits, tag, line, (count, len(stack)), attributes)
            element = Element(tag, line, length, attributes or None)
            if isinstance(current.children, list):
                current.children.append(element)
            else:
                current.children = [element]
            stack.append((current, pieces, length))
            current, pieces, length = element, [], 0

        def end(_tag: str) -> None:
            nonlocal current, pieces, length
            if pieces:
                current.text = pieces[0] if len(pieces) == 1 else "".join(pieces)
            current, pieces, length = stack.pop()

        def text(data: str) -> None:
            nonlocal length
            pieces.append(data)
            length += len(data)

        self._innermost = lambda: current
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        return document


def _guard(limits: Limits, tag: str, line: int, place: tuple[int, int], attributes: dict[str, str]) -> None:
    """Raises LimitExceeded if the element at `place` (its number, its depth) breaks a limit."""
    count, depth = place
    if count > limits.max_elements:
        raise _exceeded(
            f"more than {limits.max_elements} elements", f"mehr als {limits.max_elements} Elemente", line
        )
    if depth >= limits.max_depth:
        raise _exceeded(
            f"nested deeper than {limits.max_depth}", f"tiefer als {limits.max_depth} geschachtelt", line
        )
    if len(attributes) > limits.max_attributes:
        most = limits.max_attributes
        raise _exceeded(f"more than {most} attributes", f"mehr als {most} Attribute", line)
    if len(tag) > limits.max_name or any(len(name) > limits.max_name for name in attributes):
        most = limits.max_name
        raise _exceeded(f"a name longer than {most} characters", f"ein Name über {most} Zeichen", line)


def _exceeded(what: str, was: str, line: int) -> LimitExceeded:
    return LimitExceeded(f"Refused: {what} (line {line}).", f"Abgelehnt: {was} (Zeile {line}).", line)


def too_large(size: int, most: int) -> tuple[str, str]:
    """Returns the English and German sentences for a body above the limit."""
    return (
        f"The body has {size} bytes; at most {most} are accepted.",
        f"Die Einsendung hat {size} Bytes; angenommen werden höchstens {most}.",
    )
