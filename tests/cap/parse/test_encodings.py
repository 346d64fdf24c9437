"""Bodies in many encodings, true and falsely declared."""

import pytest

import cap
from cap.parse.encodings import detect, lines_before
from tests.cap.reading import Message, codes, only


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_that_are_declared_truly_are_read(message: Message, encoding: str) -> None:
    text = message().decode().replace("UTF-8", encoding.removesuffix("-sig"))
    alert = only(text.encode(encoding))
    assert alert == only(message())
    assert codes(alert) == []


def test_latin1_that_claims_utf8_is_read_and_reported(message: Message) -> None:
    alert = only(message().decode().encode("iso-8859-1"))
    assert alert == only(message())
    assert codes(alert) == ["encoding-wrong"]
    assert codes(alert, cap.LENIENT) == []


@pytest.mark.parametrize(
    ("label", "encoding"), [("utf-16", "utf-8"), ("utf-8", "utf-16"), ("utf-8", "utf-16-le")]
)
def test_a_label_that_the_bytes_contradict_is_reported(message: Message, label: str, encoding: str) -> None:
    alert = only(message().decode().replace("UTF-8", label).encode(encoding))
    assert alert == only(message())
    assert codes(alert) == ["encoding-label"]
    assert codes(alert, cap.LENIENT) == []


@pytest.mark.parametrize("encoding", ["Shift_JIS", "EUC-JP", "GB2312", "GB18030", "Big5"])
def test_encodings_of_east_asia_are_read(message: Message, encoding: str) -> None:
    text = message(("Großbrand</event>", "火山</event>")).decode().replace("UTF-8", encoding)
    alert = only(text.replace("ß", "ss").replace("ü", "ue").encode(encoding))
    assert alert.infos[0].event == "火山"
    assert codes(alert) == []


def test_bytes_of_another_encoding_than_the_declared_are_no_xml(message: Message) -> None:
    with pytest.raises(cap.NotXml, match="euc-jp"):
        cap.parse(message().replace(b"UTF-8", b"EUC-JP").replace("ß".encode(), b"\xff"))


def test_windows_1252_that_claims_utf8_is_read_and_reported(message: Message) -> None:
    text = message(("Rauch zieht", "„Rauch“ – zieht")).decode()
    alert = only(text.encode("windows-1252"))
    assert alert.infos[0].description == "„Rauch“ – zieht nach Nordosten."
    assert codes(alert) == ["encoding-wrong"]


@pytest.mark.parametrize("broken", [b"\xc3\x9f \xfc", b"\x81", b"\xc0\xaf", b"\xe2\x82"])
def test_broken_utf8_is_no_honest_mistake(message: Message, broken: bytes) -> None:
    with pytest.raises(cap.NotXml):
        cap.parse(message(("Rauch zieht", "@")).replace(b"@", broken))


def test_blank_lines_behind_a_byte_order_mark_are_reported_and_counted(message: Message) -> None:
    alert = only(b"\xef\xbb\xbf\r\n" + message())
    assert codes(alert) == ["leading-whitespace"]
    assert alert.line == 3


def test_blank_lines_before_the_document_are_reported_and_counted(message: Message) -> None:
    alert = only(b"\n\n" + message())
    assert codes(alert) == ["leading-whitespace"]
    assert alert.line == 4


XML = "<?xml version='1.0' encoding='{}'?><a>ß</a>"


@pytest.mark.parametrize(
    ("data", "imposed", "repairs"),
    [
        ("<a>ß</a>".encode(), None, []),
        (XML.format("UTF-8").encode(), None, []),
        (XML.format("utf-8").encode("utf-8-sig"), None, []),
        (XML.format("ISO-8859-1").encode("latin-1"), None, []),
        (XML.format("utf-16").encode("utf-16"), None, []),
        (XML.format("utf-16").encode("utf-16-be"), None, []),
        (XML.format("utf-8").encode("utf-16-le"), "utf-16le", ["encoding-label"]),
        (XML.format("utf-16").encode(), "utf-8", ["encoding-label"]),
        (XML.format("utf-8").encode("latin-1"), "iso-8859-1", ["encoding-wrong"]),
        ("<a>„Rauch“ ß</a>".encode("windows-1252"), "windows-1252", ["encoding-wrong"]),
        ("<a>ß“</a>".encode("windows-1252"), None, []),  # may be a sequence of UTF-8
        (b"<a>\xc3\x9f \xfc \x81</a>", None, []),
        (b"\xef\xbb\xbf \n<a/>", None, ["leading-whitespace"]),
        (b"", None, []),
    ],
)
def test_the_encoding_that_the_parser_is_told(data: bytes, imposed: str | None, repairs: list[str]) -> None:
    body, encoding, found = detect(data)
    assert (encoding, found) == (imposed, repairs)
    assert data.endswith(body)


def test_multibyte_encodings_are_transcoded() -> None:
    assert detect("<?xml version='1.0' encoding='Shift_JIS'?><a>①</a>".encode("cp932")) == (
        "<?xml version='1.0' encoding='Shift_JIS'?><a>①</a>".encode(),
        "utf-8",
        [],
    )
    with pytest.raises(cap.NotXml, match="big5"):
        detect(b"<?xml version='1.0' encoding='Big5'?><a>\xff\xff</a>")


@pytest.mark.parametrize(("data", "lines"), [(b"<a/>", 0), (b"\n\r\n <a/>\n", 2), (b"\xef\xbb\xbf\n<a/>", 1)])
def test_lines_before_the_document_are_counted(data: bytes, lines: int) -> None:
    assert lines_before(data) == lines
