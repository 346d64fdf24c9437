"""The worst bodies known, each as something that is repeated until the body has its size.

What the search finds and no body here shows is added here, so that the bound in CI holds for it too.
"""

from dataclasses import dataclass
from typing import Final

SIZE: Final = 2 * 1024 * 1024
"""What a submission may have at most (`cap.Limits.max_bytes`)."""
NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
HEAD: Final = (
    f'<alert xmlns="{NAMESPACE}"><identifier>i</identifier><sender>s@x.example</sender>'
    "<sent>2026-11-28T00:00:00+00:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
)
INFO: Final = (
    "<info><category>Met</category><event>E</event><urgency>Immediate</urgency><severity>Extreme</severity>"
    "<certainty>Observed</certainty>"
)
AREA: Final = "<area><areaDesc>x</areaDesc>"
RESOURCE: Final = "<resource><resourceDesc>x</resourceDesc><mimeType>a/b</mimeType>"
ATOM: Final = '<feed xmlns="http://www.w3.org/2005/Atom">'
TEXT: Final = 99_900
"""Characters of a text that a person reads: as many as there may be (`cap.Limits.max_text`)."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body of `before`, then `unit` over and over, then `after`. `most` units, as many as a limit lets through."""

    before: str
    unit: str
    after: str
    most: int = SIZE

    def of(self, size: int = SIZE) -> bytes:
        """Return the body with at most `size` bytes."""
        frame = len((self.before + self.after).encode())
        count = min(self.most, (size - frame) // len(self.unit.encode()))
        return (self.before + self.unit * count + self.after).encode()


def in_alert(unit: str, before: str = "", after: str = "", most: int = SIZE) -> Body:
    return Body(HEAD + before, unit, after + "</alert>", most)


def in_info(unit: str, before: str = "", after: str = "", most: int = SIZE) -> Body:
    return in_alert(unit, INFO + before, after + "</info>", most)


def in_area(unit: str, before: str = "", after: str = "", most: int = SIZE) -> Body:
    return in_info(unit, AREA + before, after + "</area>", most)


def in_texts(unit: str) -> Body:
    """Return infos whose descriptions are full of `unit`."""
    text = unit * (TEXT // len(unit))
    return in_alert(f"{INFO}<description><![CDATA[{text}]]></description></info>")


def children(depth: int, unit: str) -> Body:
    """Return elements in elements, the innermost of them full of `unit`."""
    return Body("<alerts>" + f"<{'a' * 60}>" * depth, unit, f"</{'a' * 60}>" * depth + "</alerts>", 99_000)


BODIES: Final[dict[str, Body]] = {
    # text in pieces
    "text between elements": Body(
        f'<alert xmlns="{NAMESPACE}"><note>' + "x" * 990_000, "a<b/>", "</note></alert>", 99_000
    ),
    "a text with elements in it": in_alert("a<b/>", "<note>", "</note>", 99_000),
    "characters as references": in_alert("&#65;", "<addresses>", "</addresses>"),
    "comments in a text": in_alert("a<!---->", "<addresses>", "</addresses>"),
    "sections in a text": in_alert("a<![CDATA[]]>", "<addresses>", "</addresses>"),
    "line ends": in_alert("\r\n", "<addresses>", "</addresses>"),
    # structure
    "strange elements": in_info("<a/>", most=99_000),
    "strange attributes": in_alert("<code " + " ".join(f'a{n}=""' for n in range(60)) + "/>"),
    "elements of a long name": Body(
        f'<alert xmlns="{NAMESPACE}" xmlns:x="{"u" * 990}">', "<x:b/>", "</alert>", 99_000
    ),
    "elements deep inside": children(60, "<abcdef/>"),
    "namespaces, element by element": in_alert(
        "<code " + " ".join(f'xmlns:a{n}="u"' for n in range(200)) + "/>"
    ),
    "categories that are none": in_info("<category>q</category>", most=99_000),
    "codes": in_alert("<code>a</code>", most=99_000),
    "areas": in_info(f"{AREA}</area>", most=10_000),
    "geocodes": in_area("<geocode><valueName>AGS</valueName><value>05</value></geocode>", most=33_000),
    "geocodes without a name": in_area("<geocode><value>a</value></geocode>", most=49_000),
    "parameters of nothing": in_info("<parameter/>", most=99_000),
    "areas of nothing in a feed": Body(ATOM, "1.5<area/>", "</feed>", 99_000),
    "resources": in_info(f"{RESOURCE}</resource>", most=1_000),
    # lists
    "addresses": in_alert("ab ", "<addresses>", "</addresses>"),
    "addresses in quotation marks": in_alert('"" ', "<addresses>", "</addresses>"),
    "references": in_alert("a,b,c ", "<references>", "</references>", 1_000),
    "too many references": in_alert("a,b,c ", "<references>", "</references>"),
    # shapes
    "circles": in_area("<circle>1,1 1</circle>"),
    "circles of commas": in_area(f"<circle>{','.join([''] * 400)} {','.join([''] * 400)} ,,,</circle>"),
    "circles that are none": in_area("<circle>,</circle>", most=99_000),
    "polygons that are none": in_area("<polygon>1 1 1 1</polygon>"),
    "a polygon without commas": in_area("12 ", "<polygon>", "</polygon>"),
    "a polygon of blanks": in_area(" ", "<polygon>1,1", "</polygon>"),
    "a number without end": in_area("1", "<polygon>0.", "</polygon>"),
    "a polygon": in_area("1,1 ", "<polygon>", "</polygon>", 99_000),
    "polygons": in_area("<polygon>1,1 1,2 2,2 1,1</polygon>"),
    # texts
    "texts of opening brackets": in_texts("<"),
    "texts of brackets and blanks": in_texts("<\t"),
    "texts of unfinished tags": in_texts("<a "),
    "texts of breaks": in_texts("<br>\n"),
    "texts of list items": in_texts("<li>"),
    "texts of comments": in_texts("<!---->"),
    "texts of entities": in_texts("&amp;"),
    "texts of entities in entities": in_texts("&amp;amp;amp;amp;"),
    "texts of letters of two scripts": in_texts("\u0430bc "),
    "texts of many letters": in_texts("\u0436" + "".join(map(chr, range(0x4E00, 0x4E00 + 5_000)))),
    "texts of blanks": in_texts(" "),
    "values of brackets": in_info(
        "<", "<parameter><valueName>a</valueName><value><![CDATA[", "]]></value></parameter>"
    ),
    "values of entities": in_info("<parameter><valueName>a</valueName><value>&amp;amp;</value></parameter>"),
    # single values
    "a link": in_info("%41", "<web>https:", "</web>"),
    "a media type": in_info(
        " ", "<resource><resourceDesc>x</resourceDesc><mimeType>a/b", "</mimeType></resource>"
    ),
    "base64": in_info("ab ", f"{RESOURCE}<derefUri>", "</derefUri></resource>"),
    # containers
    "alerts": Body("<alerts>", f'<alert xmlns="{NAMESPACE}"/>', "</alerts>", 2_000),
    "alerts in escapes": Body("<alerts>", "<content>&lt;alert </content>", "</alerts>"),
    "alerts in base64": Body("<alerts>", "<contentData>PGFsZXJ0IA==</contentData>", "</alerts>"),
    "entries": Body(ATOM, "<entry/>", "</feed>"),
    "strange elements in a feed": Body(ATOM, "<x/>", "</feed>", 99_000),
}
