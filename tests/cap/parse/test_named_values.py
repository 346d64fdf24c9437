"""Named values in the forms of all versions."""

import pytest

from cap.model import NamedValue
from cap.parse.grammar import GRAMMARS
from cap.parse.named_values import read_named_values
from cap.vocabulary import Version
from tests.cap.reading import Message, fields, noticed, only


def test_names_may_repeat_and_keep_their_order(message: Message) -> None:
    more = "</geocode><geocode><valueName>SHN</valueName><value>1</value></geocode>"
    area = only(message(("</geocode>", more))).infos[0].areas[0]
    assert [(code.name, code.value) for code in area.geocodes] == [("SHN", "053580008008"), ("SHN", "1")]


USUAL = "<valueName>n</valueName><value>v</value>"


@pytest.mark.parametrize(
    ("content", "value", "codes"),
    [
        (USUAL, ("n", "v"), []),
        ("<valueName> n </valueName><value> a&lt;br/&gt;b </value>", ("n", "a\nb"), []),
        ("<valueName>n</valueName><value/>", ("n", ""), []),
        ("<valueName/><value>v</value>", ("", "v"), ["text-empty"]),
        ("<value>v</value>", ("", "v"), []),
        ("<valueName>n</valueName>", ("n", ""), []),
        ("<value>v</value><valueName>n</valueName>", ("n", "v"), ["element-order"]),
        (USUAL + "<note>x</note>", ("n", "v"), ["element-unexpected"]),
        (USUAL + "loose", ("n", "v"), ["text-unexpected"]),
        ("<valueName>n</valueName><value>a<b>c</b></value>", ("n", "ac"), ["element-unexpected"]),
        ('<valueName>n</valueName><value x="1">v</value>', ("n", "v"), ["attribute-unexpected"]),
        ("<valueName>&lt;b&gt;n</valueName><value>v</value>", ("n", "v"), ["html-in-text"]),
    ],
)
def test_name_and_value(content: str, value: tuple[str, str], codes: list[str]) -> None:
    found = fields(f"<parameter>{content}</parameter>")
    assert read_named_values(found, "parameter", GRAMMARS[Version.V1_2]) == (NamedValue(*value),)
    assert noticed(found) == codes


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("same=SVR", ("same", "SVR"), []),
        (" wind = a=b", ("wind", "a=b"), []),
        ("empty=", ("empty", ""), []),
        ("no equals sign", ("", "no equals sign"), ["pair-syntax"]),
        ("=SVR", ("", "=SVR"), ["pair-syntax"]),
    ],
)
def test_the_form_of_1_0(text: str, value: tuple[str, str], codes: list[str]) -> None:
    found = fields(f"<eventCode>{text}</eventCode>", Version.V1_0)
    assert read_named_values(found, "eventCode", GRAMMARS[Version.V1_0]) == (NamedValue(*value),)
    assert noticed(found) == codes


def test_each_has_its_line_and_no_element_is_no_value() -> None:
    found = fields(f"<parameter>{USUAL}</parameter>\n<parameter>{USUAL}</parameter>")
    assert [value.line for value in read_named_values(found, "parameter", GRAMMARS[Version.V1_2])] == [1, 2]
    assert read_named_values(found, "eventCode", GRAMMARS[Version.V1_2]) == ()
