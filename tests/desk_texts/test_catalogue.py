"""The languages of the desk beside each other, and nothing of them elsewhere."""

import ast
import dataclasses
import re
import string
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from channels.base import ChannelError, DeliveryError
from channels.sms.smpp.ends import EndCode
from channels.sms.smpp.statuses import MEANINGS, NAMES, OK, code
from dispatcher.desk_texts.catalogue import CATALOGUES, DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import Desk
from dispatcher.desk_texts.german import GERMAN
from dispatcher.desk_texts.owed import UNKNOWN_STATUS, code_meaning, code_words
from dispatcher.desk_texts.words import DeskTexts
from dispatcher.model.ledger import Fate
from dispatcher.model.status import OverReason
from dispatcher.model.vocabulary import DISPATCHED, AlertState, Doubt, FeedResult, Kind, Lane, Reason, State

FIELDS = [field.name for field in dataclasses.fields(DeskTexts)]
ROOT = Path(__file__).parents[2]


def named(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def differences(first: DeskTexts, second: DeskTexts) -> list[str]:
    """Where two catalogues have not the same keys, with the same things put into each."""
    found = []
    for name in FIELDS:
        one, other = getattr(first, name), getattr(second, name)
        found += [f"{name}: {key}" for key in one.keys() ^ other.keys()]
        found += [
            f"{name}: {key}" for key in one.keys() & other.keys() if named(one[key]) != named(other[key])
        ]
    return found


@pytest.mark.parametrize("language", DeskLanguage)
def test_all_languages_have_the_same_words(language: DeskLanguage) -> None:
    texts = CATALOGUES[language]
    assert differences(GERMAN, texts) == []
    assert all(all(getattr(texts, name).values()) for name in FIELDS)
    assert desk_texts(language.value) is texts


@pytest.mark.parametrize("changes", [{"lanes": {}}, {"lines": dict(GERMAN.lines) | {"until": "bis {when}"}}])
def test_a_word_that_is_missing_or_put_otherwise_is_noticed(changes: dict[str, Any]) -> None:
    assert differences(GERMAN, dataclasses.replace(GERMAN, **changes))


def labels(kind: type[Any]) -> Iterator[str]:
    yield kind.label
    for each in kind.__subclasses__():
        yield from labels(each)


@pytest.mark.parametrize("texts", CATALOGUES.values(), ids=list(CATALOGUES))
def test_everything_that_the_service_can_say_has_a_word(texts: DeskTexts) -> None:
    assert set(texts.lanes) == set(Lane)
    assert set(texts.kinds) == set(Kind)
    assert set(texts.reasons) == set(Reason)
    assert set(texts.unsent) == set(Reason) - DISPATCHED
    assert set(texts.alert_states) == set(AlertState)
    assert set(texts.recipient_states) == set(State)
    assert set(texts.doubts) == set(Doubt) | {"audience", "target_changed"}
    assert set(texts.fates) == set(Fate)
    assert set(texts.feed_results) == set(FeedResult)
    assert set(texts.over) == set(OverReason)
    ends = {state.name.lower() for state in State if state.terminal and not state.reached}
    waits = {"queued", "in_flight", "breaker", "crash", "others"}
    told = {*labels(DeliveryError), *labels(ChannelError)} - {"error"}
    assert set(texts.failures) >= ends | waits | told


CODES = re.compile(
    r"(?:Permanent|Expired|Transient|Uncertain|NotSent|NoAnswer|BrokenAnswer|AddressRefused|Refused)\(\s*\"([a-z_]+)\""
)


@pytest.mark.parametrize("texts", CATALOGUES.values(), ids=list(CATALOGUES))
def test_every_code_of_ours_that_a_failure_can_have_is_explained(texts: DeskTexts) -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "channels").rglob("*.py"))]
    found = {code for source in sources for code in CODES.findall(source)}
    assert {"deadline", "number_invalid", "closed"} <= found, "the pattern finds them"
    assert found - set(texts.codes) == set()


@pytest.mark.parametrize("texts", CATALOGUES.values(), ids=list(CATALOGUES))
def test_every_code_of_a_message_centre_is_explained(texts: DeskTexts) -> None:
    """A session's end has no other code by its type, a status no other form than `statuses.code` gives it."""
    assert set(EndCode) - set(texts.codes) == set()
    assert {code(status) for status in NAMES if status != OK} - set(texts.codes) == set()
    assert {each for each in texts.codes if each.startswith(UNKNOWN_STATUS)} == (
        {code(status) for status in NAMES if status != OK} | {UNKNOWN_STATUS}
    )
    assert set(MEANINGS) <= set(NAMES)


def test_a_status_that_the_standard_does_not_name_is_said_to_be_the_gateways() -> None:
    desk = Desk(GERMAN, DeskLanguage.GERMAN, UTC)
    assert code_words(code(0x0E), desk) == "falsches Kennwort, 0x0e"
    assert code_words(code(0x412), desk) == "eigener Status des Gateways, 0x412"
    assert (code_meaning("", desk), code_words("503", desk)) == ("", "503")


GERMAN_WORDS = re.compile(r"[äöüßÄÖÜ]|\b(?:ist|nicht|wird|die|der|das|und|keine?|eine?)\b")
HELP = re.compile(r"^(?:help|metavar)$")


def strays(source: str) -> list[str]:
    """German sentences in a module's code; docstrings and options' help are the command's own."""
    tree = ast.parse(source)
    own = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg and (HELP.match(node.arg) or node.arg == "exits"):
            own |= {id(each) for each in ast.walk(node.value)}
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if called == "helped":
            own |= {id(each) for each in ast.walk(node)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in own
        and GERMAN_WORDS.search(node.value)
    ]


@pytest.mark.parametrize(
    "module",
    [
        *sorted((ROOT / "dispatcher/commands/desk").glob("*.py")),
        *(ROOT / "dispatcher/commands" / name for name in ("dead_letters.py", "feeds.py", "held.py")),
    ],
    ids=lambda path: path.stem,
)
def test_no_german_sentence_stands_outside_the_catalogue(module: Path) -> None:
    assert strays(module.read_text(encoding="utf-8")) == []


def test_a_german_sentence_outside_is_noticed() -> None:
    assert strays("say('Die Meldung ist weg')") == ["Die Meldung ist weg"]
    assert strays("def f():\n    '''Die Meldung'''\n    x(help='die Zahl')") == []
