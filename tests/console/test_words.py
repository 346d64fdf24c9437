"""The sentences of the console."""

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from jinja2 import Environment as Templates
from jinja2 import nodes

from cap import Category, Certainty, ResponseType, Severity, Urgency
from dispatcher.access.persons import Withheld
from dispatcher.access.roles import Role
from dispatcher.api.console.accounts import FEW_CODES
from dispatcher.api.console.compose.views import LABELLED, SCRIPT_WORDS
from dispatcher.api.console.desk.reading import OLDER
from dispatcher.apps.channel_credentials import CredentialChannel
from dispatcher.console.alert.coverage import GapReason, gap_word
from dispatcher.console.alert.progress import FIGURES
from dispatcher.console.alert.timeline import Happening
from dispatcher.console.compose.following import RESPONSES
from dispatcher.console.compose.message import LONGEST
from dispatcher.console.desk.readiness import CanWarn, Hindrance, ServiceCondition, readiness
from dispatcher.console.health.picture import panels
from dispatcher.console.words import WORDS, language_name, language_of, words_of
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.metrics import CHANNELS
from dispatcher.model.status import OverReason
from dispatcher.model.templates.version import TemplateState, TemplateStep
from dispatcher.model.vocabulary import Environment, Lane
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.sign_in.sign_in import SignInRefusal
from dispatcher.store.persons.credentials import CredentialKind
from dispatcher.templates.template import FieldKind
from dispatcher.texts.words.catalogues import CATALOGUES
from tests.support.messages import NOW


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_twins_leave_room_for_the_same() -> None:
    for name, twin in WORDS.items():
        assert twin.de, name
        assert twin.en, name
        assert fields(twin.de) == fields(twin.en), name
    assert set(words_of("de")) == set(words_of("en"))
    assert words_of("de")["sign_in"] != words_of("en")["sign_in"]


def test_every_word_of_the_record_has_a_sentence() -> None:
    wanted = {f"role_{role}" for role in Role} | {f"withheld_{reason}" for reason in Withheld}
    wanted |= {f"kind_{kind}" for kind in CredentialKind} | {refusal.value for refusal in SignInRefusal}
    wanted |= {f"endpoint_{channel}" for channel in DutyChannel}
    assert wanted <= set(WORDS)


def test_a_role_is_called_as_the_guides_and_the_account_call_it() -> None:
    of_role = re.compile(r"Rolle „(\w+)“")
    assert of_role.findall("wer die Rolle „Betrieb“ hat") == ["Betrieb"]
    called = {name: of_role.findall(twin.de) for name, twin in WORDS.items()}
    assert {name: found for name, found in called.items() if set(found) - set(Role)} == {}
    assert all(f"„{role}“" in WORDS[f"role_{role}"].de for role in Role)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "de"),
        ("en", "en"),
        ("de,en", "de"),
        ("fr,en-GB;q=0.8,de", "en"),
        ("*", "de"),
        ("," * 1000, "de"),
        ("EN", "en"),
    ],
)
def test_the_language_is_the_first_that_there_is(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


def test_a_language_without_a_name_is_called_by_its_tag() -> None:
    assert language_name("de-simple", "de") == "Leichte Sprache"
    assert language_name("pl", "de") == "pl"


ROOT: Final = Path(__file__).parents[2] / "dispatcher"
CONSOLE: Final = ROOT / "console"
HANDLERS: Final = ROOT / "api" / "console"
SPOKEN: Final = ("", "drill_")
OF_MESSAGES: Final = {"alert": "", "update": "_update", "all-clear": "_all-clear"}
FACTS: Final = (
    *("title", "categories", "severity", "urgency", "certainty", "response_types", "event_codes", "lasts"),
    *("lasts_at_most", "municipalities", "area", "web", "contact"),
)
"""What a template lays down beside its texts."""
COMPOSED: Final[dict[str, set[str]]] = {
    "compose_{}_{}": {f"compose_category_{one}" for one in Category}
    | {f"compose_severity_{one}" for one in Severity}
    | {f"compose_urgency_{one}" for one in Urgency}
    | {f"compose_certainty_{one}" for one in Certainty}
    | {f"compose_response_{one}" for one in RESPONSES},
    "compose_{}": {f"compose_{one}" for one in (*LABELLED, *LONGEST)},
    "compose_{}{}_how": {
        f"compose_{kind}{unsent}_how" for kind in ("update", "all-clear") for unsent in ("", "_unsent")
    },
    "{}_withdraw": {"compose_withdraw", "compose_previewed_withdraw"},
    "compose_nobody_{}": {f"compose_nobody_{one}" for one in Environment},
    "compose_update_{}": {f"compose_update_{one}" for one in Environment},
    "compose_js_{}": {f"compose_js_{one}" for one in SCRIPT_WORDS},
    "desk_{}": {f"desk_{one}" for one in ("held", "in_force", *OLDER)},
    "desk_more_{}": {f"desk_more_{one}" for one in OLDER},
    "desk_no_{}": {f"desk_no_{one}" for one in OLDER},
    "desk_no_in_force_{}": {f"desk_no_in_force_{one}" for one in Environment},
    "desk_over_{}": {f"desk_over_{one}" for one in OverReason},
    "desk_part_{}": {f"desk_part_{one.name}" for one in readiness(ServiceCondition(NOW)).why},
    "desk_verdict_{}": {f"desk_verdict_{one}" for one in CanWarn},
    "desk_why_{}": {f"desk_why_{one}" for one in Hindrance},
    "desk_why_{}_now": {f"desk_why_{one}_now" for one in (Hindrance.GATEWAY, Hindrance.FEED)},
    "endpoint_{}": {f"endpoint_{one}" for one in (*DutyChannel, "works", "gone", "unproven")},
    "figure_{}": {f"figure_{one}" for one in FIGURES},
    "drill_gap_{}": {gap_word(one, Environment.EXERCISE) for one in GapReason}
    - {f"gap_{one}" for one in GapReason},
    "gap_{}": {f"gap_{one}" for one in GapReason},
    "health_label_{}": {
        f"health_label_{one}" for one in (*CHANNELS, *CredentialChannel, *Lane, "held", "sms_held")
    },
    "health_unit_{}": {one.unit for one in panels([])},
    "kind_{}": {f"kind_{one}" for one in CredentialKind},
    "language_{}": {f"language_{one}" for one in CATALOGUES},
    "log_{}": {name for name in WORDS if name.startswith("log_") and "." in name},
    "recovery_{}": {f"recovery_{count}" for count in range(FEW_CODES + 1)},
    "role_{}": {f"role_{one}" for one in Role},
    "severity_{}": {f"severity_{one}" for one in Severity},
    "template_{}": {f"template_{one}" for one in (*FACTS, TemplateStep.REJECT, TemplateStep.RETIRE)},
    "template_{}_now": {f"template_{one}_now" for one in (TemplateStep.REJECT, TemplateStep.RETIRE)},
    "template_{}_what": {f"template_{one}_what" for one in (TemplateStep.REJECT, TemplateStep.RETIRE)},
    "template_category_{}": {f"template_category_{one}" for one in Category},
    "template_certainty_{}": {f"template_certainty_{one}" for one in Certainty},
    "template_kind_{}": {f"template_kind_{one}" for one in FieldKind},
    "template_response_{}": {f"template_response_{one}" for one in ResponseType},
    "template_state_{}": {f"template_state_{one}" for one in TemplateState},
    "template_urgency_{}": {f"template_urgency_{one}" for one in Urgency},
    "timeline_{}": {f"timeline_{one}" for one in Happening},
    "withheld_{}": {f"withheld_{one}" for one in Withheld},
    "{}_note": {f"{one}_note" for one in Environment},
    **{
        f"{{}}{name}": {f"{spoken}{name}" for spoken in SPOKEN}
        for name in ("correct_how", "correct_unsent", "told_last", "warned", "warning")
    },
    **{
        f"{{}}{name}_{{}}": {f"{spoken}{name}_{one}" for spoken in SPOKEN for one in Falsehood}
        for name in ("correct", "correct_now")
    },
}
"""The words that are put together of a name and what stands in its place, by how."""
OTHERS: Final = {
    *Environment,
    *SignInRefusal,
    *(f"{when}_{unit}" for when in ("ago", "ahead") for unit in ("hours", "minutes", "moment")),
    *(f"compose{kind}_{one}" for kind in OF_MESSAGES.values() for one in Environment),
    *(f"compose_previewed{kind}_{one}" for kind in OF_MESSAGES.values() for one in Environment),
    *(f"compose_send{kind}_{one}" for kind in OF_MESSAGES.values() for one in Environment),
    # Nobody is asked about an all-clear.
    *(f"compose_ask{OF_MESSAGES[kind]}_{one}" for kind in ("alert", "update") for one in Environment),
}
"""The words that another room names, and those that are put together of values alone."""


WORDS_OF_PAGE: Final = nodes.Name("t", "load")
"""What a template has the words as."""


def templates() -> Iterator[nodes.Template]:
    for path in sorted((CONSOLE / "templates").glob("*.html")):
        yield Templates().parse(path.read_text("utf-8"))


def patterns(node: nodes.Expr) -> set[str]:
    """What an expression of a template names, with `{}` for each value."""
    if isinstance(node, nodes.Const):
        return {str(node.value)}
    if isinstance(node, nodes.CondExpr):
        return patterns(node.expr1) | (patterns(node.expr2) if node.expr2 else set())
    if isinstance(node, nodes.Concat):
        return {"".join(parts) for parts in product(*map(patterns, node.nodes))}
    return {"{}"}


@cache
def named_in_templates() -> set[str]:
    """The words and patterns of templates: `t.name`, `t["name" ~ value]`, and texts that a variable may stand for."""
    found: set[str] = set()
    for template in templates():
        found |= {one.attr for one in template.find_all(nodes.Getattr) if one.node == WORDS_OF_PAGE}
        for named in template.find_all(nodes.Getitem):
            if named.node == WORDS_OF_PAGE:
                found |= patterns(named.arg)
        found |= {str(one.value) for one in template.find_all(nodes.Const)}
    return found - {"{}"}


@cache
def named_in_modules() -> set[str]:
    """The texts of modules that are no key of a dictionary of sentences, and the patterns of formatted ones."""
    found: set[str] = set()
    for path in (*CONSOLE.rglob("*.py"), *HANDLERS.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        keys = {
            id(key)
            for one in ast.walk(tree)
            if isinstance(one, ast.Dict) and path.name.endswith("words.py")
            for key in one.keys
        }
        for one in ast.walk(tree):
            if isinstance(one, ast.JoinedStr):
                found.add(
                    "".join(
                        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in one.values
                    )
                )
            elif isinstance(one, ast.Constant) and id(one) not in keys:
                found.add(str(one.value))
    return found


def composed() -> set[str]:
    """The patterns by which a word can be put together."""

    def is_one(pattern: str) -> bool:
        if "{}" not in pattern or not re.search("[a-z]", pattern) or re.search("[^a-z_.{}-]", pattern):
            return False
        fits = re.compile(re.escape(pattern).replace(r"\{\}", r"[\w.-]*"))
        return any(map(fits.fullmatch, WORDS))

    return {one for one in named_in_templates() | named_in_modules() if is_one(one)}


def test_every_word_that_is_put_together_is_there() -> None:
    assert composed() == set(COMPOSED)
    assert {name for names in COMPOSED.values() for name in names} | OTHERS <= set(WORDS)


def test_every_word_is_said_somewhere() -> None:
    said = {name for names in COMPOSED.values() for name in names} | OTHERS
    assert set(WORDS) - said - named_in_templates() - named_in_modules() == set()


def test_the_log_names_actions_that_there_are() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path("dispatcher").rglob("*.py"))
    for name in COMPOSED["log_{}"]:
        action = name.removeprefix("log_")
        room, _, step = action.partition(".")
        assert f'"{action}"' in sources or (f'f"{room}.{{' in sources and f'"{step}"' in sources), name


_GERMAN: Final = re.compile(
    r"\b(?:auf|das|der|den|eine?|ist|keine?|mit|nicht|oder|sind|und|von|wird|zu|Sie)\b|[äöüÄÖÜß„]"
)
"""What no English sentence has; names of places and texts of messages are no sentences of the console."""


def test_no_english_sentence_has_a_german_word() -> None:
    assert [name for name, said in WORDS.items() if _GERMAN.search(said.en)] == []
    assert _GERMAN.search(WORDS["nothing_done"].de), "the check sees German"


@pytest.mark.parametrize("path", sorted((CONSOLE / "templates").glob("*.html")), ids=lambda path: path.stem)
def test_a_page_has_no_words_of_its_own(path: Path) -> None:
    """All of them are in the catalogue, in either language."""
    markup = re.sub(r"\{[{%#].*?[}%#]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert _GERMAN.findall(markup) == []
