"""HTML in texts becomes plain text, once and for all."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cap

PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "<",
                ">",
                "&",
                ";",
                "a",
                " ",
                "\n",
                "<br>",
                "</p>",
                "<b>",
                "&lt;",
                "&gt;",
                "&amp;",
                "&quot;",
                "&nbsp;",
            ),
            *(
                "&#60;",
                "&#x3c;",
                "&#38;",
                "<script>",
                "<a href='x'>",
                "</a>",
                "<!--",
                "-->",
                "<![CDATA[",
                "]]>",
                "lt;",
            ),
            *("<a@b>", "< b >", "<li>", "b>", "&#13;", "&auml;", "&#0;", "&#1114112;"),
        ]
    ),
    max_size=14,
).map("".join)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  Sturm  ", "Sturm"),
        ("a<br/>b<BR>c", "a\nb\nc"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("&quot;a&quot;&nbsp;&amp;&nbsp;b", '"a" & b'),
        ("&lt;br/&gt;a", "a"),
        ("<a href='https://x.example'>mehr</a>", "mehr"),
        ("Temperatur < 5 und > 3", "Temperatur < 5 und > 3"),
        ("x <y and z> w", "x <y and z> w"),
        ("Leitstelle <s.mueller@kreis.example>", "Leitstelle <s.mueller@kreis.example>"),
        ("Pegel < a und b > c", "Pegel < a und b > c"),
        ("<a\nhref='x'\n>mehr</a\n>", "mehr"),
        ("AT&T; R&D", "AT&T; R&D"),
        ("a\n\n\n\n<b>b</b>", "a\n\nb"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<<b>b>x", "x"),
        ("a<!-- x -->b<!--y-->c<!-- open", "abc<!-- open"),
        ("&unknownentity;", "&unknownentity;"),
    ],
)
def test_html_is_flattened(text: str, plain: str) -> None:
    assert cap.plain(text) == plain


@settings(max_examples=400)
@given(text=PIECES | st.text(max_size=30))
def test_flattening_twice_changes_nothing_more(text: Any) -> None:
    once = cap.plain(text)
    assert cap.plain(once) == once


def test_escapes_upon_escapes_end() -> None:
    text = "&amp;" * 3 + "lt;b&gt;" + "&" + "amp;" * 50 + "lt;script>"
    assert "<script>" not in cap.plain(text)
    assert cap.plain(cap.plain(text)) == cap.plain(text)
