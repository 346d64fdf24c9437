"""Providers' reports as values, and what of their bodies never gets any further."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.delivery_reports import (
    REPORTS_MAX,
    DeliveryReport,
    ReportFields,
    ReportState,
    UnreadableReport,
    client_ref,
    parse_client_ref,
    read_reports,
)

ALERT = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
REF = f"{ALERT}-7"
NUMBER = "+4915100000001"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
DELIVERED = DeliveryReport((ALERT, 7), ReportState.DELIVERED)


def read(body: bytes = b"", media_type: Any = JSON, query: bytes = b"", **fields: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_reports(ReportFields(**fields), media_type, content, query)


def refused(*arguments: Any, **named: Any) -> str:
    with pytest.raises(UnreadableReport) as caught:
        read(*arguments, **named)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_what_is_sent_with_a_message_is_what_is_read_in_its_report() -> None:
    assert parse_client_ref(client_ref(ALERT, 7)) == (ALERT, 7)
    for foreign in (
        "",
        ALERT,
        f"{ALERT}-",
        f"{ALERT}-x",
        f"-{7}",
        REF + "0" * 18,
        f"{REF}\n",
        "a b-7",
        "٣-٣",
    ):
        assert parse_client_ref(foreign) is None, foreign


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"client_ref": REF, "status": "DELIVRD", "to": NUMBER}, {}),
        ([{"client_ref": REF, "status": "delivered"}], {}),
        ({"results": [{"ref": REF, "state": {"name": "Delivered"}}]},
         {"items": "results", "client_ref": "ref", "status": "state.name"}),
        ({"client_ref": REF, "status": 1}, {"delivered": frozenset({"1"})}),
        ({"client_ref": REF, "ok": True}, {"status": "ok", "delivered": frozenset({"true"})}),
    ],
)  # fmt: skip
def test_json_is_read_where_the_operator_says(
    body: dict[Any, Any] | list[Any], fields: dict[Any, Any]
) -> None:
    assert read(body, **fields) == (DELIVERED,)


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (f"client_ref={REF}&status=delivered&to=%2B49151", ""),
        ("status=delivered", f"client_ref={REF}"),
        ("", f"token=x&client_ref={REF}&status=delivered"),
    ],
)
def test_a_form_a_query_and_both_together_are_read(body: str, query: str) -> None:
    assert read(body.encode(), FORM, query.encode()) == (DELIVERED,)


def test_a_name_in_a_form_may_have_dots_and_the_body_goes_before_the_query() -> None:
    found = read(
        f"message.ref={REF}&status=failed".encode(), FORM, b"status=delivered", client_ref="message.ref"
    )
    assert found == (DeliveryReport((ALERT, 7), ReportState.FAILED),)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("UNDELIV", ReportState.FAILED),
        ("Expired", ReportState.FAILED),
        ("ENROUTE", ReportState.PENDING),
        ("no such word", None),
        ("", None),
        (None, None),
        (["delivered"], None),
        ({"delivered": 1}, None),
        (1.0, None),
        ("delivered\u0000", None),
    ],
)
def test_words_stand_for_states_and_others_for_none(
    word: dict[Any, Any] | float | list[Any] | str | None, state: Any
) -> None:
    assert read({"client_ref": REF, "status": word}) == (DeliveryReport((ALERT, 7), state),)


@pytest.mark.parametrize(
    "reference", [None, 7, 1e300, [REF], {"x": REF}, NUMBER, f"{ALERT}-{NUMBER}", "x" * 60_000]
)
def test_a_reference_that_is_none_of_ours_is_none(reference: Any) -> None:
    assert read({"client_ref": reference, "status": "failed"}) == (DeliveryReport(None, ReportState.FAILED),)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("EC_ABSENT", "EC_ABSENT"), ("E-123.456", "E-123.456"), (27, "27"), (NUMBER, ""), (int(NUMBER), ""), ({}, ""),
        ("Herr Maier", ""), (True, ""), ("invalid-4915100000001", ""), ("tel.0151-00.00.001", ""), ("E1234567", ""),
    ],
)  # fmt: skip
def test_an_error_code_is_kept_only_if_it_cannot_be_a_number_of_a_person(given_: Any, kept: str) -> None:
    [report] = read({"client_ref": REF, "status": "failed", "err": given_}, error="err")
    assert report.code == kept


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "json"),
        (b"\xff\xfe", "json"),
        (b'"' + NUMBER.encode() + b'"', "shape"),
        (b"null", "shape"),
        (b"[" * 60_000, "json"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "json"),
        (b"9" * 60_000, "json"),
        (b"[" + b"{}," * REPORTS_MAX + b"{}]", "too_many"),
    ],
)
def test_hostile_json_is_refused_in_a_word(body: Any, reason: str) -> None:
    assert refused(body) == reason


def test_hostile_forms_and_other_media_types_are_refused_in_a_word() -> None:
    assert refused(b"&".join(b"a%d=1" % n for n in range(100)), FORM) == "form"
    assert refused(query=b"&".join(b"a%d=1" % n for n in range(100))) == "form"
    assert refused(b"<report/>", "text/xml") == "media_type"
    assert refused({"items": {"a": 1}}, items="elsewhere") == "shape"


def test_items_of_a_list_that_are_no_reports_are_read_as_saying_nothing() -> None:
    assert read([7, None, "x", [], {}]) == (DeliveryReport(None, None),) * 5


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20) | st.sampled_from([REF, NUMBER]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["client_ref", "status", "err"]), inner),
    max_leaves=8,
)  # fmt: skip


@given(values | st.binary(max_size=200), st.binary(max_size=60))
def test_whatever_comes_becomes_reports_or_a_word(body: Any, query: Any) -> None:
    try:
        said = repr(read(body, JSON, query, error="err"))
    except UnreadableReport as error:
        said = str(error)
    assert NUMBER not in said
