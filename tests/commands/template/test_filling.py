"""`dispatcher template fill`: a message of a template, made here or by the service."""

from typing import Any

import pytest
from typer.testing import CliRunner

import cap
from dispatcher.__main__ import app
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.commands.template.recorded import new_version
from dispatcher.model.templates.version import TemplateStep
from tests.api.conftest import EXERCISE_KEY
from tests.commands.desk import conftest as at_a_desk
from tests.support.templates import template

service = at_a_desk.service

AREA = ["--municipality", "05358024", "--area", "Jülich"]
FLOOD = [
    *("fill", "hochwasser", "--prepared", "--sender", "leitstelle@dueren.example", *AREA),
    *("--set", "gewaesser=Rur", "--set", "ort=Jülich"),
]


def filled(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["template", *map(str, arguments)])


def test_a_filled_one_is_a_valid_message() -> None:
    done = filled(*FLOOD, "--expires", "+3h", "--severity", "Extreme", "--exercise")
    alert = cap.parse(done.stdout.encode()).alerts[0]
    assert (done.exit_code, alert.status, alert.infos[0].headline) == (
        0,
        "Exercise",
        "Hochwasser: Jülich (Rur)",
    )
    assert cap.is_valid(cap.check(alert, cap.STRICT))


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--set", "pegel=hoch"], 1, "values/pegel"),
        (["--set", "pegel"], 2, "NAME=WERT"),
        (["--set", "ort=Düren"], 2, "zweimal"),
        (["--expires", "gestern"], 2, "keine Zeit"),
        (["--expires", "+60h"], 1, "höchstens 48 Stunden"),
        (["--severity", "Minor"], 1, "Severe, Extreme, Moderate"),
    ],
)
def test_what_does_not_fit_makes_no_message(more: list[str], code: int, said: str) -> None:
    done = filled(*FLOOD, *more)
    assert (done.exit_code, done.stdout, said in done.stderr) == (code, "", True), done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fill", "hochwasser", "--prepared", *AREA], "--sender"),
        (["fill", "hochwasser", *AREA], "WARN_API_KEY"),
    ],
)
def test_who_sends_it_is_asked_for(arguments: list[str], said: str, env: pytest.MonkeyPatch) -> None:
    env.delenv("WARN_API_KEY", raising=False)
    done = filled(*arguments)
    assert (done.exit_code, said in done.stderr) == (2, True), done.output


async def test_the_service_fills_what_is_approved_there(service: Any, surroundings: Any, run: Any) -> None:
    templates, new = service.parts.templates, new_version(template())
    await templates.save(new, UNNAMED_OPERATOR)
    fill = ("template", "fill", "hochwasser", *AREA, "--set", "ort=Jülich")
    refused = await run(*fill)
    assert (refused.exit_code, "keine Fassung genehmigt" in refused.output) == (1, True)
    await templates.take(
        TemplateStep.APPROVE, "hochwasser", 1, UNNAMED_OPERATOR, person="b.lang", seen=new.sha256
    )
    made = await run(*fill, "--severity", "Extreme", "--expires", "+2h")
    alert = cap.parse(made.stdout.encode()).alerts[0]
    assert (alert.codes, alert.status) == (("template:hochwasser/1",), "Actual")
    assert (alert.infos[0].severity, alert.infos[0].areas[0].area_desc) == ("Extreme", "Jülich")
    wrong = await run(*fill, "--set", "pegel=hoch")
    assert (wrong.exit_code, "Der Wert ist keine Zahl" in wrong.output) == (1, True)
    live = await run(*fill, "--exercise")
    assert (live.exit_code, live.stdout, "wx_" in live.stderr) == (2, "", True)
    surroundings.setenv("WARN_API_KEY", EXERCISE_KEY)
    drill = await run(*fill, "--exercise", "--version", "1")
    assert cap.parse(drill.stdout.encode()).alerts[0].status == "Exercise"
