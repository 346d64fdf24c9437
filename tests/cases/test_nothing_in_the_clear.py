"""After a dispatch on all channels no number, push address or key of a person stands in the clear where it need not: in
no table, log, metric, error or export, in whatever spelling.
"""

import asyncio
import base64
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from prometheus_client import generate_latest
from typer.testing import CliRunner

from channels.base import Endpoint
from dispatcher.__main__ import app
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store.audience.subscriptions import Subscriptions
from tests.api.conftest import SECRET
from tests.cases.test_sick_recipients import let_pass, round_of_work
from tests.cases.town import DUEREN, Town
from tests.channels.far_side import answer
from tests.channels.webpush import subscription as browser
from tests.store.sealed.clear import add_clear
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

WORDS = ("nadel-7f3a", "nadel-91bc", "nadel-c04d")
"""What the addresses of people have in them that stands nowhere else."""
OWN = "whsec_" + base64.b64encode(b"a secret of this test alone").decode()
COMMANDS = (
    ("dead-letters", "list", "--json"),
    ("subscriptions", "count"),
    ("audit", "list", "--json"),
    ("secrets", "show", "--json"),
    ("instance", "list", "--json"),
    ("keys", "list", "--json"),
)


def spellings(secret: str) -> Iterator[bytes]:
    """All the ways in which a secret may stand in bytes and still be read."""
    plain = secret.encode()
    yield plain
    yield quote(secret, safe="").encode()
    yield quote(secret).encode()
    yield plain.hex().encode()
    yield json.dumps(secret)[1:-1].replace("/", "\\/").encode()
    for before in range(
        3
    ):  # in Base64 there are three, by where it begins; its ends depend on what stands beside it
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * before + plain)[4 if before else 0 : -4]
    if secret.startswith("+49"):
        yield plain[1:]
        yield b"0" + plain[3:]


def found(where: bytes, secrets: list[str]) -> list[str]:
    """The secrets that stand in it, in any spelling."""
    return [one for one in secrets if any(spelling in where for spelling in spellings(one))]


SECRETS = ["+4915550123456", "https://push.example/send/nadel-7f3a?x=1", OWN]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_in_every_spelling(secret: str) -> None:
    """The negative control of all that follows."""
    plain = secret.encode()
    for text in (
        plain, quote(secret).encode(), quote(secret, safe="").encode(), plain.hex().encode(),
        base64.b64encode(b"a=" + plain + b"&b"), base64.urlsafe_b64encode(b"x" + plain), base64.b64encode(plain),
        json.dumps({"a": secret}).encode(), b"\x92\xae" + plain,
    ):  # fmt: skip
        assert found(b"before " + text + b" after", [secret]) == [secret], text
    assert found(b"+4915550654321 nadel", [secret]) == []
    if secret.startswith("+"):
        assert all(found(one, [secret]) for one in (b"4915550123456", b"015550123456"))


async def tables(pool: Any) -> dict[str, bytes]:
    """Every table as a dump holds it, with bytes as they are, and what the planner remembers of columns."""
    dumped = {}
    async with pool.acquire() as connection:
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for row in names:
            content = io.BytesIO()
            await connection.copy_from_table(row["tablename"], output=content, format="binary")
            dumped[row["tablename"]] = content.getvalue()
        rows = await connection.fetch(
            """SELECT tablename, attname, most_common_vals::text, histogram_bounds::text, most_common_elems::text
               FROM pg_stats WHERE schemaname = 'public'"""
        )
    return dumped | {"pg_stats": str([tuple(row) for row in rows]).encode()}


def people(town: Town) -> list[NewSubscription]:
    """One on each channel who is well, one whom the gateway refuses, one who is gone, and one who fails."""
    origin, push = town.gateways.origin, {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH}
    made = []
    for n, state in enumerate(("well", "refused", "gone", "failing")):
        made += [
            NewSubscription("webpush", origin, f"{origin}/push/{state}/{WORDS[0]}-{n}", push, (DUEREN,)),
            NewSubscription(
                "app", origin, f"{origin}/app/{state}/{WORDS[1]}-{n}", {"secret": OWN}, (DUEREN,)
            ),
            NewSubscription("sms", "sms", f"+4915550123{n:03}", {}, (DUEREN,)),
        ]
    return made


def answering(numbers: list[str]) -> Any:
    """Gateways that repeat in every answer what they were asked, in body and headers."""
    statuses = {"well": 201, "refused": 400, "gone": 410, "failing": 503}

    async def react(seen: Any, writer: Any) -> None:
        text = seen.target + seen.body.decode("latin-1")
        sms = [n for n, number in enumerate(numbers) if number in text]
        state = (
            [*statuses][sms[0] % 4] if sms else next((one for one in statuses if f"/{one}/" in text), "well")
        )
        said = {"error": f"invalid: {seen.target} {numbers[sms[0]] if sms else ''}", "id": f"{WORDS[2]}-1"}
        headers = {"Location": f"{seen.target}/{WORDS[2]}", "Content-Type": "application/json"}
        await answer(statuses[state], headers, json.dumps(said).encode())(seen, writer)

    return react


async def test_nothing_of_a_person_stands_in_the_clear_after_a_dispatch(
    town: Town, env: Any, tmp_path: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    everybody = people(town)
    numbers = [one.address for one in everybody if one.channel == "sms"]
    secrets = [*numbers, *WORDS[:2], browser.UA_PUBLIC, browser.AUTH, OWN, OWN.removeprefix("whsec_")]
    town.gateways.react = answering(numbers)
    await Subscriptions(town.pool, ADDRESSES).add_many(everybody)
    answered = await town.submit(warning(DUEREN, identifier="eins", headline="Sturm", severity="Severe"))
    for _ in range(4):
        await round_of_work(town)
        await let_pass(town)
        await town.worker.reconciler.sweep()
    await town.worker.message_withdrawals.keep()
    assert len(town.gateways.seen) >= len(everybody), "all were asked"
    assert {one["channel"] for one in await town.pool.fetch("SELECT channel FROM batch")} == {
        "app",
        "sms",
        "webpush",
    }
    assert await town.pool.fetchval("SELECT count(*) FROM message_location") == 1
    assert await town.pool.fetchval("SELECT count(*) FROM problem") >= 6

    alert_id = answered.json["alert"]["id"]
    seen = {
        f"GET {path}": (await town.service.get(path, key=f"wk_dueren_{SECRET}")).body
        for path in (f"/v1/alerts/{alert_id}", f"/v1/alerts/{alert_id}/ledger", "/v1/alerts")
    }
    seen["metrics of the API"] = (await town.service.operator("/metrics")).body
    seen["metrics of a worker"] = generate_latest(town.worker.metrics.registry)
    settings = town.service.parts.settings
    for name, value in (
        ("DATABASE_URL", settings.database_url), ("REDIS_URL", settings.redis_url), ("WARN_DATA_DIR", tmp_path),
        ("WARN_KEY_PEPPER", "pepper of the tests"),
    ):  # fmt: skip
        env.setenv(name, str(value))
    seen |= {" ".join(one): await said(one) for one in COMMANDS}
    out, err = capfd.readouterr()
    seen["output"], seen["log"] = (out + err).encode(), caplog.text.encode()
    await town.pool.execute("ANALYZE")
    seen |= await tables(town.pool)
    leaks = {where: leaked for where, content in seen.items() if (leaked := found(content, secrets))}
    assert leaks == {}
    assert all(
        seen[where]
        for where in ("GET /v1/alerts", "metrics of a worker", "dead-letters list --json", "output")
    )

    await add_clear(town.pool, "+4915550123999", {"secret": OWN}, channel="sms")
    assert found((await tables(town.pool))["subscription"], ["+4915550123999", OWN]) == [
        "+4915550123999",
        OWN,
    ]


async def said(command: tuple[str, ...]) -> bytes:
    """What a command prints, on both streams."""
    done = await asyncio.to_thread(CliRunner().invoke, app, list(command))
    return done.output.encode()


def test_an_endpoint_that_is_printed_by_mistake_would_be_found() -> None:
    one = Endpoint(1, "+4915550123456", {})
    assert found(repr(one).encode(), [one.address]) == [one.address]
