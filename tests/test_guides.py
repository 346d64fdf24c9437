"""The guides do what they say: their files exist, their snippets run, their settings reach a server that answers as the
provider does.
"""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import indent
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import FastAPI
from prometheus_client import Counter
from pydantic import ValidationError

import cap
from cap.findings import Level
from cap.rules import RULES, conditions
from cap.rules.rule import Rule
from channels.base import (
    ChannelMisconfigured,
    Endpoint,
    Expired,
    Notice,
    Permanent,
    RateLimited,
    Transient,
    Urgency,
)
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.sms.channel import Sms
from channels.sms.delivery_reports import ReportState, read_reports
from channels.sms.http.carrier import HttpCarrier
from channels.sms.http.profiles import profile
from dispatcher.access import permissions
from dispatcher.access.table import TableError, differences
from dispatcher.api import authentication
from dispatcher.feeds.entry import FeedEntry
from dispatcher.metrics import Metrics
from dispatcher.model.vocabulary import Reason
from dispatcher.settings import Settings
from dispatcher.wiring.sms.gateways import sms_gateways
from dispatcher.wiring.sms.reports import delivery_reports
from tests.channels.far_side import answer, far_side
from tests.metrics.test_registry import samples
from tests.support import documents

GUIDES = sorted((documents.DOCS / "guides").glob("*.md"))
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "+4915100000001"
ENDPOINT_ID = 7
PLACEHOLDER = "NAME"
LABELS = {
    "channel",
    "feed",
    "function",
    "gateway",
    "kind",
    "lane",
    "outcome",
    "problem",
    "reason",
    "result",
    "source",
}


def guide(name: str) -> str:
    return documents.page(f"guides/{name}.md")


def block(name: str, info: str) -> str:
    (found,) = documents.blocks(guide(name), info)
    return found


def module(tmp_path: Path, name: str, source: str) -> ModuleType:
    """The snippet as a module of its own, from a file, as a reader would have it."""
    path = tmp_path / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made  # dataclasses look their module up
    try:
        spec.loader.exec_module(made)
    finally:
        del sys.modules[name]
    return made


def notice(lasts: timedelta = timedelta(hours=1)) -> Notice:
    return Notice("01ALERT", "k" * 32, "Titel", "Hochwasser in Düren", b"{}", "de", Urgency.HIGH, NOW + lasts)


@pytest.fixture
async def client_for() -> AsyncIterator[Any]:
    """Makes clients that may contact the given origins, wherever they lie."""
    clients = []

    def make(*origins: str) -> HttpClient:
        clients.append(HttpClient(AddressPolicy(frozenset(origins))))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


async def receipts_of(channel: Any, message: Any, *endpoints: Any) -> list[Any]:
    gateway = channel.gateway(endpoints[0])
    return [receipt async for known in channel.send(message, gateway, endpoints) for receipt in known]


# Files


def listed_files(text: str) -> list[tuple[str, str]]:
    """Each file of a guide's table with what is to be done to it."""
    table = documents.rows(documents.section(text, "## Files"))
    return [(path, change) for cell, change in table for path in documents.quoted(cell)]


def misnamed(path: str, change: str) -> bool:
    """Whether a file that is to be changed is not there, or a new one has no room to be put into."""
    if change.startswith("new"):
        room = (
            Path(path.partition(PLACEHOLDER)[0]).parent
            if "/" in path.partition(PLACEHOLDER)[2]
            else Path(path).parent
        )
        return PLACEHOLDER not in path or not (documents.ROOT / room).is_dir()
    return not (documents.ROOT / path).is_file()


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_the_files_of_a_guide_exist(path: Any) -> None:
    files = listed_files(path.read_text(encoding="utf-8"))
    assert files
    for file, change in files:
        assert not misnamed(file, change), file


def test_a_file_that_does_not_exist_is_noticed() -> None:
    assert misnamed("dispatcher/pipeline/hand.py", "a line")
    assert misnamed("attic/NAME.py", "new: x")
    assert misnamed("channels/pager.py", "new: without a placeholder")
    assert not misnamed("channels/NAME/channel.py", "new: x")
    assert not misnamed("dispatcher/feeds/formats/NAME.py", "new: x")


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_what_a_guide_names_in_the_code_exists(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"`(?:cap|channels|dispatcher)(?:\.\w+)*\.(\w+(?:\.\w+)?)`", text):
        last = name.split(".")
        assert documents.is_defined(name) or documents.is_defined(last[-1]) or _is_module(last[-1]), name


def _is_module(name: str) -> bool:
    return any(
        any((documents.ROOT / top).rglob(f"{name}.py"))
        or any((documents.ROOT / top).rglob(f"{name}/__init__.py"))
        for top in documents.PACKAGES
    )


# A channel


@pytest.fixture
def ntfy(tmp_path: Path) -> Any:
    return module(tmp_path, "ntfy_of_the_guide", block("channel", "python channel"))


@pytest.mark.parametrize(
    ("status", "error"),
    [(200, None), (404, Transient), (507, Transient), (429, RateLimited), (400, Permanent)],
)
async def test_the_channel_classifies_what_a_server_answers(
    ntfy: Any, client_for: Any, status: int, error: Any
) -> None:
    async with far_side(answer(status)) as side:
        channel = ntfy.Ntfy(client_for(side.origin), now=lambda: NOW)
        endpoint = Endpoint(1, f"{side.origin}/duren", {"token": "tk_geheim"})
        channel.check(endpoint)
        (receipt,) = await receipts_of(channel, notice(), endpoint)
    (seen,) = side.seen
    assert (seen.target, seen.headers["authorization"]) == ("/duren", "Bearer tk_geheim")
    assert seen.body.decode() == "Hochwasser in Düren"
    assert receipt.error is None if error is None else type(receipt.error) is error


async def test_the_channel_sends_nothing_after_the_deadline(ntfy: Any, client_for: Any) -> None:
    async with far_side() as side:
        channel = ntfy.Ntfy(client_for(side.origin), now=lambda: NOW)
        (receipt,) = await receipts_of(channel, notice(timedelta(0)), Endpoint(1, f"{side.origin}/x", {}))
    assert isinstance(receipt.error, Expired)
    assert not side.seen


async def test_the_channel_refuses_an_address_that_must_not_be_contacted(ntfy: Any, client_for: Any) -> None:
    with pytest.raises(Permanent):
        ntfy.Ntfy(client_for()).check(Endpoint(1, "http://127.0.0.1/x", {}))


async def test_the_channel_is_registered_with_what_the_settings_say(ntfy: Any, client_for: Any) -> None:
    registry = {}
    names = {"registry": registry, "Ntfy": ntfy.Ntfy, "http": client_for(), "now": lambda: NOW}
    exec(block("channel", "python registration"), {**names, "timeout": 3.0, "failures": 7})
    assert registry["ntfy"]._timeout_s == 3.0
    assert registry["ntfy"]._connect_failures == 7


# An SMS provider


def http_block(name: str) -> tuple[str, str]:
    """The first line of a block, and its body."""
    head, _, body = block("sms-provider", f"http {name}").partition("\n")
    return head, body.strip()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings of the guide, with another origin in place of the provider's."""

    def load(provider: str, origin: str) -> Settings:
        (gateway,) = json.loads(block("sms-provider", f"json {provider}"))
        address = urlsplit(profile(gateway["profile"]).gateway["url"])
        there = {**gateway, "url": f"{origin}{address.path}"}
        monkeypatch.setenv("WARN_SMS_GATEWAYS", json.dumps([there]))
        monkeypatch.setenv("WARN_ALLOWED_ORIGINS", f"gateway={origin}")
        return Settings()

    return load


async def hand_over(settings: Any, http: Any) -> Any:
    gateways = sms_gateways(settings).items()
    channel = Sms({name: HttpCarrier(http, gateway, now=lambda: NOW) for name, gateway in gateways})
    return await receipts_of(channel, notice(), Endpoint(ENDPOINT_ID, NUMBER, {}))


async def answered(provider: Any, outcome: Any, configured: Any, client_for: Any) -> tuple[Any, ...]:
    """The receipts, the form that the provider got, and its path."""
    head, body = http_block(f"{provider} {outcome}")
    status, media_type = head.split(" ")
    async with far_side(answer(int(status), {"Content-Type": media_type}, body.encode())) as side:
        receipts = await hand_over(configured(provider, side.origin), client_for(side.origin))
    (seen,) = side.seen
    return receipts, dict(parse_qsl(seen.body.decode(), keep_blank_values=True)), seen


async def test_twilio_takes_the_message(configured: Any, client_for: Any) -> None:
    (receipt,), form, seen = await answered("twilio", "accepted", configured, client_for)
    assert receipt.accepted
    assert receipt.reference.startswith("SM")
    assert seen.target.endswith("/Messages.json")
    assert seen.headers["authorization"].startswith("Basic ")
    callback = form.pop("StatusCallback")
    assert f"client_ref=01ALERT-{ENDPOINT_ID}" in callback
    assert 0 < int(form.pop("ValidityPeriod")) <= 3600
    assert form == {"To": NUMBER, "Body": "Hochwasser in Düren", "From": "WARNUNG"}


async def test_vonage_takes_the_message(configured: Any, client_for: Any) -> None:
    (receipt,), form, _ = await answered("vonage", "accepted", configured, client_for)
    assert receipt.accepted
    assert receipt.reference == "0A0000000123ABCD1"
    assert 0 < int(form.pop("ttl")) <= 3_600_000
    assert form == {
        "to": NUMBER.removeprefix("+"),
        "text": "Hochwasser in Düren",
        "from": "WARNUNG",
        "client-ref": f"01ALERT-{ENDPOINT_ID}",
        "type": "text",
    }


@pytest.mark.parametrize(("provider", "code"), [("twilio", "21211"), ("vonage", "7")])
async def test_a_number_that_is_refused_is_given_up(
    configured: Any, client_for: Any, provider: str, code: str
) -> None:
    (receipt,), _, _ = await answered(provider, "refused", configured, client_for)
    assert (type(receipt.error), receipt.error.code) == (Permanent, code)


async def test_an_empty_account_inside_a_200_stops_the_gateway(configured: Any, client_for: Any) -> None:
    with pytest.raises(ChannelMisconfigured) as caught:
        await answered("vonage", "misconfigured", configured, client_for)
    assert (caught.value.code, caught.value.gateway) == ("9", "vonage")


@pytest.mark.parametrize(
    ("provider", "state", "code"),
    [("twilio", ReportState.FAILED, "30003"), ("vonage", ReportState.DELIVERED, "0")],
)
async def test_a_provider_s_report_finds_its_delivery(
    configured: Any, client_for: Any, provider: str, state: Any, code: str
) -> None:
    _, form, _ = await answered(provider, "accepted", configured, client_for)
    settings = configured(provider, "https://provider.example")
    query = urlsplit(form.get("StatusCallback", "")).query.encode()  # Twilio's: told with each message
    media_type, body = http_block(f"{provider} report")
    reporting = delivery_reports(settings, None, Metrics()).gateways[provider]
    body = body.replace("{client_ref}", form.get("client-ref", ""))
    (report,) = read_reports(reporting.fields, media_type, body.encode(), query)
    assert (report.ref, report.state, report.code) == (("01ALERT", ENDPOINT_ID), state, code)


def test_the_secret_in_the_report_address_is_the_one_that_is_asked_for(configured: Any) -> None:
    (twilio,) = configured("twilio", "https://provider.example").sms_gateways
    query = dict(parse_qsl(urlsplit(twilio.reports.url.get_secret_value()).query))
    assert query["token"] == twilio.reports.secret.get_secret_value()


# A feed format


@pytest.fixture
def json_index(tmp_path: Path) -> Any:
    return module(tmp_path, "json_index_of_the_guide", block("feed-format", "python adapter")).JsonIndex()


def test_the_adapter_lists_and_reads(json_index: Any) -> None:
    listing = json_index.listing(
        block("feed-format", "json listing").encode(), "https://feed.example/v1/list.json"
    )
    assert [(entry.key, entry.version) for entry in listing.entries] == [
        ("https://feed.example/v1/w-1.xml", "2026-11-22T12:00:00+01:00"),
        ("https://other.example/w-3.xml", "2026-11-22T12:10:00+01:00"),
    ]
    assert [one.key for one in listing.broken] == ["entry 2"]
    message = (documents.ROOT / "dispatcher/commands/example.xml").read_bytes()
    (incoming,) = json_index.read(listing.entries[0], (message,))
    assert incoming.original == message
    assert incoming.alert == cap.parse(message).alerts[0]


@pytest.mark.parametrize("body", [b"", b"{}", b"<html/>", b"\xff", b"[" * 100_000])
def test_what_is_no_list_says_nothing(json_index: Any, body: Any) -> None:
    with pytest.raises(cap.CapError):
        json_index.listing(body, "https://feed.example")


def test_what_is_no_message_is_a_cap_error(json_index: Any) -> None:
    with pytest.raises(cap.CapError):
        json_index.read(FeedEntry("key", "1"), (b"<html/>",))


# A CAP rule


@pytest.fixture
def rule_and_check() -> tuple[Any, ...]:
    levels = {"Rule": Rule, "E": Level.ERROR, "W": Level.WARNING, "I": Level.INFO}
    rule = eval(block("cap-rule", "python row"), levels)
    names = dict(vars(conditions))
    exec(block("cap-rule", "python check"), names)
    return rule, names["_headline_shouting"]


def info(headline: str) -> cap.Info:
    message = (documents.ROOT / "dispatcher/commands/example.xml").read_bytes()
    alert = cap.parse(message).alerts[0]
    return cap.Info(**{**_fields(alert.infos[0]), "headline": headline})


def _fields(value: cap.Info) -> dict[str, object]:
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__}


def test_the_rule_finds_what_it_is_for_and_nothing_else(rule_and_check: tuple[Any, ...]) -> None:
    rule, check = rule_and_check
    (problem,) = check(info("AMTLICHE WARNUNG VOR STURM"), "/alert/info[1]")
    assert (problem.code, problem.path) == (rule.code, "/alert/info[1]/headline")
    for headline in ("Amtliche Warnung vor Sturm", "STURM", ""):
        assert not list(check(info(headline), "/alert/info[1]"))


def test_the_rule_of_the_guide_is_not_one_of_ours_already(rule_and_check: tuple[Any, ...]) -> None:
    rule, _ = rule_and_check
    assert rule.code not in RULES
    assert (rule.message, rule.message_de) != ("", "")


# A metric


def test_the_metric_is_shown_from_the_start_and_counts() -> None:
    metrics: Any = Metrics()
    names = {
        "self": metrics,
        "registry": metrics.registry,
        "metrics": metrics,
        "Counter": Counter,
        "Reason": Reason,
    }
    exec(block("metric", "python metric"), names)
    shown = samples(metrics)
    for reason in Reason:
        assert shown["warn_previews_total", frozenset({("reason", reason)})] == 0
    exec(block("metric", "python count"), names)
    assert samples(metrics)["warn_previews_total", frozenset({("reason", Reason.FIRST_NOTICE)})] == 1
    assert set(metrics.previews._labelnames) <= LABELS


# A retry policy


def variables(info: str) -> dict[str, str]:
    lines = [line.partition("=") for line in block("retry-policy", info).splitlines()]
    return {name: value for name, _, value in lines}


def test_a_policy_is_set_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = block("retry-policy", "json delivery")
    monkeypatch.setenv("WARN_DELIVERY", text)
    policy, default = Settings().delivery, Settings.model_fields["delivery"].default
    for group, numbers in json.loads(text).items():
        for name, number in numbers.items():
            assert getattr(getattr(policy, group), name) == number != getattr(getattr(default, group), name)
    assert policy.lease == default.lease


def test_a_policy_is_set_number_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables("sh delivery").items():
        monkeypatch.setenv(name, value)
    policy = Settings().delivery
    assert (policy.backoff.cap_s, policy.pauses.retry_after_max_s) == (30, 120)


def test_numbers_that_contradict_each_other_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ((name, value),) = variables("sh refused").items()
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_the_guide_names_every_group_of_the_policy() -> None:
    described = {
        documents.quoted(row[0])[0] for row in documents.rows(guide("retry-policy")) if len(row) == 3
    }
    default = Settings.model_fields["delivery"].default
    assert described == set(type(default).__dataclass_fields__)


# A route and a permission


@pytest.fixture
def extended(tmp_path: Path) -> Any:
    """The table of permissions with the guide's lines in it."""
    source = Path(permissions.__file__).read_text(encoding="utf-8")
    member, row = (
        indent(block("route-and-permission", f"python {name}").rstrip(), 4 * " ")
        for name in ("permission", "grant")
    )
    for end, line in (("\n\n\nclass Scope(", member), ("\n)\n\nGRANT_OF", f"{row},")):
        assert source.count(end) == 1
        source = source.replace(end, f"\n{line}{end}")
    return module(tmp_path, "permissions_of_the_guide", source)


@pytest.fixture
def route(extended: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setattr(permissions, "Permission", extended.Permission)
    return module(tmp_path, "route_of_the_guide", block("route-and-permission", "python route"))


def test_the_route_and_the_table_agree(extended: Any, route: Any) -> None:
    app = FastAPI(openapi_url=None)
    app.include_router(route.routes(None))
    wired = list(authentication.wired_routes(app))
    grant = extended.GRANT_OF[extended.Permission.COUNT_ALERTS]
    assert differences(wired, {str(one): grant.permission for one in grant.routes}, {}) == []
    assert extended.holders_of(extended.Permission.COUNT_ALERTS) == {extended.PrincipalKind.SOURCE}
    # Without its row the application would not start.
    assert differences(wired, {}, {})


def test_a_route_that_is_not_in_the_table_does_not_start() -> None:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/v1/statistics/alerts", lambda: None)
    with pytest.raises(TableError, match="not in the table"):
        authentication.require_table(app)


# All of them


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
@pytest.mark.processes
def test_snippets_are_written_as_we_write(path: Any, tmp_path: Path) -> None:
    """By the linter's rules, where they are whole modules."""
    modules = [
        text
        for info in ("python channel", "python adapter", "python route")
        for text in documents.blocks(path.read_text(encoding="utf-8"), info)
    ]
    for number, text in enumerate(modules):
        file = tmp_path / f"snippet_{number}.py"
        file.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--config", "pyproject.toml"]
        command += ["--ignore", "INP001,TC", str(file)]
        result = subprocess.run(
            command, cwd=documents.ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert result.returncode == 0, result.stdout
