"""What an operator writes of requests and answers; what cannot be is named by its member before anything starts."""

import json
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from channels.sms.http.provider import BodyKind
from channels.sms.http.settings import RequestSettings, SmsAnswerSettings, ValiditySettings, showable
from channels.sms.http.validity import ValidityUnit
from channels.sms.meanings import AnswerMeaning
from dispatcher.commands.mistakes import sentence_of
from dispatcher.settings import Settings

ACCEPTED = {"means": "accepted", "status": "2xx"}
LONG: dict[str, Any] = {
    "name": "a",
    "url": "https://sms.example/send",
    "request": {"json": {"to": "{to}", "text": "{text}"}},
    "answer": {"rules": [ACCEPTED]},
}


def refusal(env: pytest.MonkeyPatch, gateway: dict[str, Any]) -> str:
    """What an operator reads who starts the service with this gateway."""
    env.setenv("WARN_SMS_GATEWAYS", json.dumps([gateway]))
    with pytest.raises(ValidationError) as caught:
        Settings()
    found = sentence_of(caught.value)
    assert found is not None
    return "\n".join(found[0])


def rules(*given: Any) -> dict[str, Any]:
    return LONG | {"answer": {"rules": list(given)}}


def reports(**given: Any) -> dict[str, Any]:
    return LONG | {"reports": {"secret": "s" * 16, **given}}


def at(path: str, *values: Any) -> dict[str, Any]:
    """A rule about what stands at a path."""
    rule = {"means": "accepted", "status": "2xx", "path": path}
    return {**rule, "is": list(values)} if values else rule


OVER_VONAGE: dict[str, Any] = {"name": "a", "profile": "vonage", "secrets": {"key": "x", "secret": "y"}}


def request(**given: Any) -> dict[str, Any]:
    return LONG | {"request": given}


@pytest.mark.parametrize(
    ("gateway", "said"),
    [
        # a profile
        ({"name": "a", "profile": "kanel"}, "there is no profile kanel; the nearest is kannel"),
        ({"name": "a", "profile": "kannel"}, "WARN_SMS_GATEWAYS.0.URL"),
        (
            {"name": "a", "profile": "vonage", "secrets": {"key": "x"}},
            "secrets.secret: missing; the request names {basic.key.secret}",
        ),
        (
            {"name": "a", "profile": "seven", "secrets": {"key": "x", "kye": "y"}},
            "secrets.kye: nothing uses it; the nearest is key",
        ),
        (
            {"name": "a", "profile": "seven", "secrets": {"key": "x"}, "request": {"josn": {}}},
            "REQUEST.JOSN: there is no member of this name; the nearest is json".replace(
                "REQUEST.JOSN", "request.josn"
            ),
        ),
        # a request
        (
            request(json={"to": "{too}", "text": "{text}"}),
            "request.json.to: there is no placeholder {too}; the nearest is {to}",
        ),
        (request(json={"a": [{"to": "{to"}]}), "json.a.0.to: "),
        (
            request(json={"to": "{to}", "text": "{text}", "ttl": float("nan")}),
            "json.ttl: nan is no number of JSON",
        ),
        (
            request(json={"to": "{to}", "text": "{text}", "a": ["\ud83d"]}),
            "json.a.0: has half of a surrogate pair",
        ),
        (request(json={"to": "{to}", "text": "{text}", "\ud83d": 1}), "half of a surrogate pair"),
        (
            request(json={"a": ["{text}", {"to": "{tu}"}]}),
            "request.json.a.1.to: there is no placeholder {tu}",
        ),
        (request(form={"To": "{to}", "B": "x{txt}"}), "request.form.B: there is no placeholder {txt}"),
        (request(text="{txet}", headers={"X-To": "{to}"}), "request.text: there is no placeholder {txet}"),
        (
            request(text="{text}", headers={"X-To": "{number}"}),
            "request.headers.X-To: there is no placeholder",
        ),
        (request(form={"to": "{to}"}), "request: never says {text}"),
        (
            request(json={"to": "{to}", "text": "{text}"}, form={}),
            "needs one of json, form and text, and has json and form",
        ),
        (request(), "needs one of json, form and text, and has none"),
        (request(method="GET", json={}), "a GET has no body"),
        (request(method="PUT", json={}), "REQUEST.METHOD"),
        (request(json={"to": "{to}", "text": "{text}"}, headers={"X A": "b"}), "REQUEST.HEADERS"),
        (request(text="{text}", headers={"X-To": "{to}", "X-A": "ä"}), "header 'X-A'"),
        (request(text="{text}", headers={"X-To": "{to}", "X-Text": "{text}"}), "header 'X-Text'"),
        (LONG | {"url": "https://a.example/{to}"}, "url: {to} is another with each message"),
        (LONG | {"url": "https://a.example/{secret.sid}"}, "secrets.sid: missing"),
        (LONG | {"secrets": {"Key": "x"}}, "SECRETS"),
        (LONG | {"body": "form"}, "body: belongs to the form without request"),
        (LONG | {"answer": {}}, "answer.rules: missing beside request"),
        (LONG | {"errors": {"1": "permanent"}}, "errors: belongs to the form without answer.rules"),
        (
            LONG | {"request": {"method": "GET", "query": {"to": "{to}", "text": "{text}", "x": "y" * 1900}}},
            "request.query: with a text of one part",
        ),
        (LONG | {"validity": {"at_least_s": 10**18}}, "VALIDITY.AT_LEAST_S"),
        # rules
        (rules({"means": "rejected", "status": 400}), "rules: none says which answer means accepted"),
        (rules({"means": "good", "status": 200}), "ANSWER.RULES.0.MEANS"),
        (rules({"means": "accepted"}), "fits every answer"),
        (rules({"means": "accepted", "path": "a..b"}), "no path, which is names joined by dots"),
        (rules({"means": "accepted", "path": " a"}), "no path"),
        (
            rules({"means": "accepted", "path": "messages[0].id"}),
            "ANSWER.RULES.0.PATH: paths have dots and no brackets: messages.0.id",
        ),
        (LONG | {"answer": {"rules": [ACCEPTED], "reference": "$.ids[0][1]"}}, "no brackets: ids.0.1"),
        (rules(at("messages[*].status", "0")), "no brackets: messages.0.status"),
        (rules(at("messages.*.status", "0")), "and no stars: messages.0.status"),
        (rules(at("messages.-1.status", "0")), "and no stars: messages.0.status"),
        # reports
        (reports(client_ref="[0].ref"), "REPORTS.CLIENT_REF: paths have dots and no brackets: 0.ref"),
        (reports(items="reports[*]"), "REPORTS.ITEMS: paths have dots and no brackets: reports"),
        (
            reports(items="reports.*"),
            "REPORTS.ITEMS: paths have numbers from 0 for items of a list, and no stars: rep",
        ),
        (
            reports(url="https://a.example/?ref={clientref}"),
            "REPORTS.URL: there is no placeholder {clientref} in it; the only one is {client_ref}",
        ),
        (reports(url="https://a.example/?ref={}"), "there is no placeholder {} in it"),
        (reports(delivered=["1", "OK"], failed=["ok"]), "REPORTS: failed: 'ok' stands in delivered, too"),
        (reports(failed=["delivered"]), "failed: 'delivered' stands in delivered, too"),
        (reports(delivered=["1"], pending=["1"]), "pending: '1' stands in delivered, too"),
        # what phones show
        *(
            (LONG | {"sender": sender}, "SENDER: a number of 3 to 15 digits, or 1 to 11 letters")
            for sender in ("", "DÜREN", "KREIS DUEREN", "4" * 16, "12", " KREIS", "A\r\nB")
        ),
        ({"name": "a", "profile": "", "url": "https://a.example"}, "profile: is empty; leave it out"),
        (rules({"means": "accepted", "is": "1", "status": 200}), "is: needs path"),
        (rules({"means": "accepted", "status": "2x"}), "'2x' is no status"),
        (rules({"means": "accepted", "status": 700}), "'700' is no status"),
        (rules({"means": "accepted", "status": "299-200"}), "is no status"),
        (rules({"means": "accepted", "text": "*"}), "a pattern of stars alone says nothing"),
        (rules({"means": "accepted", "status": 200, "code": "1234567"}), "no error code"),
        (
            rules(ACCEPTED, {"means": "rejected", "status": 200, "path": "error"}),
            "answer.rules.1 can never decide, because answer.rules.0 does before it",
        ),
        *(
            (rules(*both), "answer.rules.1 can never decide, because answer.rules.0 does before it")
            for both in (
                [at("error.code"), at("error.code", "NO_CREDIT")],
                [at("error.code"), at("error.code")],
                [at("error"), at("error.code", "1")],
                [at("code", "1", 2), at("code", 2)],
                [at("code", "NO*"), at("code", "no_CREDIT", "NO*ROUTE")],
                [{**ACCEPTED, "text": "ID: *"}, {"means": "rejected", "status": 200, "text": "ID: 7*"}],
                [{**ACCEPTED, "text": "ID: *"}, {**at("code", "1"), "text": "ID: 7"}],
            )
        ),
        (
            OVER_VONAGE | {"answer": {"rules": [{**ACCEPTED, "path": "messages.0.status"}]}},
            "vonage #1 (taken) can never decide, because answer.rules.0 does before it",
        ),
        (
            OVER_VONAGE | {"answer": {"rules": [at("messages.0.status", 9), at("messages.0.status", "9")]}},
            "answer.rules.1 can never decide",
        ),
        (rules({"mean": "accepted", "status": 200}), "the nearest is means"),
        (
            LONG | {"answer": {"rules": [ACCEPTED], "success": "ok"}},
            "success belongs to the form without rules",
        ),
        (LONG | {"answer": {"rules": [ACCEPTED], "reference_text": "ID: "}}, "needs one *"),
        (LONG | {"answer": {"rules": [ACCEPTED], "reference": "id."}}, "no path"),
        # what is no list, no object, or empty
        (LONG | {"answer": {"rules": ACCEPTED}}, "ANSWER.RULES: a list is expected"),
        (LONG | {"answer": {"success_values": "ok"}}, "ANSWER.SUCCESS_VALUES: a list is expected"),
        (reports(delivered={"ok": 1}), "REPORTS.DELIVERED: a list is expected"),
        (LONG | {"answer": [ACCEPTED]}, "ANSWER: an object is expected"),
        (LONG | {"secrets": ["x"]}, "SECRETS: an object is expected"),
        (LONG | {"secrets": {"key": ""}}, "SECRETS.KEY: is empty"),
        (LONG | {"headers": {"X-Key": ""}}, "HEADERS.X-KEY: is empty"),
        # units
        (LONG | {"validity": {"unit": "weeks"}}, "VALIDITY.UNIT"),
        (LONG | {"validity": {"unit": "date", "format": "%A"}}, "format: %A"),
        (LONG | {"validity": {"unit": "date", "zone": "Europe/Dueren"}}, "no time zone"),
        (LONG | {"validity": {"at_least_s": 0}}, "AT_LEAST_S"),
        (LONG | {"validity": {}, "validity_unit": "s"}, "validity_unit: says the same"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_is_named_at_the_start(env: pytest.MonkeyPatch, gateway: Any, said: str) -> None:
    assert said in refusal(env, gateway)


@pytest.mark.parametrize(
    "given",
    [
        reports(delivered=["accepted"], url="https://a.example/{client_ref}?s=%d", status="stat[us]"),
        reports(failed=["unknown"]),
        LONG | {"sender": "+4924212220"},
        rules(at("code", "1"), at("code")),
        rules(at("code", "1"), at("code", "1*")),
        rules(at("error.code"), at("error")),
        rules(at("error"), at("errors")),
        rules({**at("code"), "status": 200}, at("code")),
        rules(at("code", "1"), ACCEPTED),
        rules({**ACCEPTED, "text": "ID: *"}, at("code")),
        OVER_VONAGE | {"answer": {"rules": [{**at("messages.0.status", "0", "9"), "means": "gone"}]}},
    ],
)
def test_a_rule_that_can_still_decide_may_follow(env: pytest.MonkeyPatch, given: Any) -> None:
    env.setenv("WARN_SMS_GATEWAYS", json.dumps([given]))
    assert Settings().sms_gateways[0].answer.rules


def test_a_refusal_shows_no_secret(env: pytest.MonkeyPatch) -> None:
    for gateway in (
        LONG | {"secrets": {"key": "geheim"}},
        request(text="{text}", headers={"X-To": "{to}", "X-A": "{secret.key}"})
        | {"secrets": {"key": "gehäim"}},
    ):
        said = refusal(env, gateway)
        assert "geheim" not in said
        assert "gehäim" not in said


def test_rules_are_what_they_say() -> None:
    table = SmsAnswerSettings.model_validate(
        {
            "error": "code",
            "rules": [
                {"means": "accepted", "status": ["2xx", 304], "path": "ok", "is": True, "about": "taken"},
                {"means": "gone", "status": "410-412"},
                {"means": "transient", "text": ["A*", 7]},
            ],
        }
    ).table()
    first, second, third = table.rules
    assert (first.means, first.name, first.path) == (AnswerMeaning.ACCEPTED, "answer.rules.0 (taken)", "ok")
    assert first.statuses == {*range(200, 300), 304}
    assert first.values[0].matches("true")
    assert second.statuses == {410, 411, 412}
    assert [one.text for one in third.texts] == ["A*", "7"]
    assert (table.reference, table.error) == ("id", "code")


def test_a_request_is_what_it_says() -> None:
    assert RequestSettings.model_validate({"json": {"a": "{to}"}}).template().kind is BodyKind.JSON
    assert RequestSettings.model_validate({"form": {}}).template().kind is BodyKind.FORM
    assert RequestSettings.model_validate({"text": "{text}"}).template().kind is BodyKind.TEXT
    assert RequestSettings.model_validate({"method": "GET"}).template().kind is BodyKind.NONE


def test_units_are_what_they_say() -> None:
    validity = ValiditySettings.model_validate({"unit": "min", "at_least_s": 60, "at_most_s": 600}).validity()
    assert (validity.unit, validity.at_least_s, validity.at_most_s) == (ValidityUnit.MINUTES, 60, 600)


def test_a_header_brings_ascii_only() -> None:
    assert showable(SecretStr("a b")).get_secret_value() == "a b"
    with pytest.raises(ValueError, match="is empty"):
        showable(SecretStr(""))
    for wrong in (" a", "ä", "a\r\nb"):
        with pytest.raises(ValueError, match="only ASCII"):
            showable(SecretStr(wrong))


def test_in_place_of_the_list_of_gateways_a_list_is_expected(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_SMS_GATEWAYS", json.dumps(LONG))
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert sentence_of(caught.value) == (["setting WARN_SMS_GATEWAYS: a list is expected: [...]"], 1)
