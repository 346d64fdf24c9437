"""Commands act as a principal: the operator, by one name, and only as far as it may."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import Permission
from dispatcher.commands.operator import acts, operator, requires
from dispatcher.model.batches import Progress, RecipientProblem
from dispatcher.model.vocabulary import State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.delivery.plans import Plans
from tests.store import conftest as on_record
from tests.support.histories import ledger_of, plan, submit
from tests.support.messages import DUEREN, SENDER

pool = on_record.pool
ACCOUNTS = ("LOGNAME", "USER", "LNAME", "USERNAME")


def test_the_operator_is_who_is_named_or_else_the_account(env: pytest.MonkeyPatch) -> None:
    env.setenv("LOGNAME", "anna")
    assert (operator().kind, operator().actor) == (PrincipalKind.OPERATOR, "operator:anna")
    assert operator("bernd").actor == "operator:bernd"


def test_a_number_without_an_account_is_a_name_too(env: pytest.MonkeyPatch) -> None:
    """As in a container that runs under whatever number it was given."""
    for name in ACCOUNTS:
        env.delenv(name, raising=False)
    env.setattr(os, "getuid", lambda: 4_000_000_000 - 7)
    assert operator().actor == "operator:uid-3999999993"


def test_a_command_beyond_what_an_operator_may_does_not_run() -> None:
    app, done = typer.Typer(), []

    @app.command()
    @requires(Permission.SUBMIT_ALERTS)
    def warn(name: str) -> None:
        done.append(name)

    refused = CliRunner().invoke(app, ["düren"])
    assert (refused.exit_code, done) == (1, [])
    assert refused.output == f"not allowed: {Permission.SUBMIT_ALERTS.sentence} (alerts.submit)\n"


def test_a_command_within_it_runs_with_its_arguments() -> None:
    app, done = typer.Typer(), []

    @app.command()
    @requires(Permission.READ_HELD)
    def show(name: str, twice: bool = False) -> None:
        done.append((name, twice))

    assert CliRunner().invoke(app, ["düren", "--twice"]).exit_code == 0
    assert done == [("düren", True)]


def test_who_became_root_by_sudo_is_named_by_his_own_account(env: pytest.MonkeyPatch) -> None:
    env.setenv("LOGNAME", "root")
    env.setenv("SUDO_USER", "anna")
    env.setattr(os, "geteuid", lambda: 0)
    assert operator().actor == "operator:anna"
    env.setattr(os, "geteuid", lambda: 1000)
    env.setenv("LOGNAME", "bernd")
    assert operator().actor == "operator:bernd", "what is left of an earlier sudo names nobody"


def test_who_acts_can_be_said(env: pytest.MonkeyPatch) -> None:
    env.setenv("LOGNAME", "leitstelle")
    app, done = typer.Typer(), []

    @app.command()
    @acts(Permission.MANAGE_SOURCES)
    def change(name: str, twice: bool = False) -> None:
        done.append((operator().actor, name, twice))

    for words in (["x", "--twice", "--as", "Anna Muster"], ["x"]):
        assert CliRunner().invoke(app, words).exit_code == 0
    assert done == [("operator:Anna Muster", "x", True), ("operator:leitstelle", "x", False)]
    assert "--as" in CliRunner().invoke(app, ["--help"]).output


async def _dead_letter(pool: Any) -> None:
    ledger = ledger_of(pool)
    await submit(Alerts(pool), "A", DUEREN)
    [ready] = await plan(ledger, Plans(pool, 10), "A")
    lease = await ledger.acquire(ready.batch_id)
    assert lease is not None
    problem = RecipientProblem(0, lease.recipients[0], 1, 0, "permanent", "413", "too large", None)
    await ledger.release(lease, Progress(bytes([State.REJECTED]), (problem,)))


async def test_whatever_commands_change_the_audit_trail_names_the_person(
    run: Any, pool: Any, env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env.setenv("LOGNAME", "anna")
    feeds, file = tmp_path / "feeds.toml", tmp_path / "subscriptions.jsonl"
    feeds.write_text('[[feed]]\nname = "mowas"\nadapter = "push"\n')
    env.setenv("WARN_FEEDS", str(feeds))
    secret = {"secret": "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbmQgbG9uZw=="}
    file.write_text(
        json.dumps(
            {
                "channel": "app",
                "address": "https://a.example/",
                "keys": secret,
                "places": [DUEREN],
                "legal_basis": "consent",
            }
        )
    )
    added = await run("source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358")
    for words in (
        ("keys", "expire", added.stdout.split("_")[1], "--in", "1d"),
        ("keys", "revoke", added.stdout.split("_")[1]),
        ("keys", "rotate", "--source", "leitstelle"),
        ("keys", "add", "--source", "leitstelle"),
        ("source", "change", "leitstelle", "--name", "x"),
        ("source", "disable", "leitstelle"),
        ("source", "enable", "leitstelle"),
        ("instance", "add", "dueren", "--place", DUEREN),
        ("instance", "change", "dueren", "--name", "x"),
        ("instance", "disable", "dueren"),
        ("subscriptions", "import", file),
        ("subscriptions", "export", tmp_path / "exported.ndjson"),
        ("feeds", "key", "mowas"),
    ):
        done = await run(*words)
        assert done.exit_code == 0, done.output
    await _dead_letter(pool)
    assert (await run("dead-letters", "replay", "--alert", "A")).exit_code == 0
    rows = await pool.fetch("SELECT actor, action FROM audit WHERE actor LIKE 'operator%' ORDER BY id")
    assert [(row["actor"], row["action"]) for row in rows] == [
        ("operator:anna", action)
        for action in (
            *("source.add", "key.add", "key.expire", "key.revoke", "key.add", "key.rotate", "key.add"),
            *("source.change", "source.disable", "source.enable"),
            *("instance.add", "key.add", "instance.change", "instance.disable"),
            *("subscriptions.add", "subscriptions.export", "key.add"),
            "dead_letters.replay",
        )
    ]


async def test_a_feed_with_the_longest_name_gets_a_key_that_works(
    run: Any, pool: Any, env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dispatcher.store.sources import Sources
    from tests.commands.conftest import PEPPER

    name = "m" * 32
    (tmp_path / "feeds.toml").write_text(f'[[feed]]\nname = "{name}"\nadapter = "push"\n')
    env.setenv("WARN_FEEDS", str(tmp_path / "feeds.toml"))
    done = await run("feeds", "key", name)
    found = await Sources(pool, PEPPER.encode()).recognise(done.stdout.strip())
    assert found.party is not None
    assert found.party.id == f"feed-{name}"
