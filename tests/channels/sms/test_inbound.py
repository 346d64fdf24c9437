"""Texts that people send back, as gateways hand them on, and which of them ends the warnings."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.delivery_reports import REPORTS_MAX, UnreadableReport
from channels.sms.inbound import STOPS, InboundFields, InboundText, read_inbound, says_stop

NUMBER = "+4915112345678"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
FIELDS = InboundFields()


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "stop", " Stopp \r\n", "Ende.", "„ABMELDEN“", "STOP\0", "stop!"),
        *("стоп", "Стоп!", "dur", "iptal", "İptal.", "İPTAL", "قف", "إيقاف، "),
    ],
)
def test_one_word_ends_it(text: str) -> None:
    assert says_stop(text)


@pytest.mark.parametrize(
    "text",
    ["", "STOP bitte", "Bitte kein STOP", "NON-STOP", "ST0P", "S T O P", "STOPSTOP", "Danke", "لا توقف", "не стоп", "durun", "ＳＴＯＰ", "STOP" + " " * 99],
)  # fmt: skip
def test_anything_else_does_not(text: str) -> None:
    assert not says_stop(text)


@given(st.text(max_size=50))
def test_nothing_but_a_word_and_what_stands_around_it_does(text: str) -> None:
    letters = "".join(one for one in text.upper() if one.isalnum())
    assert not says_stop(text) or letters in STOPS


def test_it_is_read_of_a_query_a_form_and_json() -> None:
    text = InboundText(NUMBER, "Stop ä")
    query = f"token=x&from={quote(NUMBER)}&text={quote('Stop ä')}".encode()
    assert read_inbound(FIELDS, "", b"", query) == (text,)
    assert read_inbound(FIELDS, FORM, query, b"") == (text,)
    fields = InboundFields(items="messages", sender="from.number", text="body")
    document: Any = {"messages": [{"from": {"number": 4915112345678}, "body": "x"}, {"from": []}]}
    assert read_inbound(fields, JSON, json.dumps(document).encode(), b"") == (
        InboundText("4915112345678", "x"),
        InboundText("", ""),
    )
    assert NUMBER not in repr(text)


@pytest.mark.parametrize(
    ("media_type", "body", "reason"),
    [
        (JSON, b"{", "json"),
        (JSON, b"1", "shape"),
        ("text/plain", b"STOP", "media_type"),
        (JSON, json.dumps([{}] * (REPORTS_MAX + 1)).encode(), "too_many"),
        (FORM, b"&".join(b"a=1" for _ in range(100)), "form"),
    ],
)
def test_what_is_no_text_is_refused(media_type: str, body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableReport, match=reason):
        read_inbound(FIELDS, media_type, body, b"")
