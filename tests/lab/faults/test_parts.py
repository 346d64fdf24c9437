"""What the fault lab is made of, without a service."""

import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

import cap
from dispatcher.settings import Settings
from ops.lab.faults import process_overrides
from ops.lab.faults.__main__ import _options, main, seeds_of
from ops.lab.faults.cap_messages import Chain, Variant
from ops.lab.faults.cases import gateways
from ops.lab.faults.catalogue import CONTROLS, FAULTS, named
from ops.lab.faults.judgement import judge_cases
from ops.lab.faults.process_overrides import ProcessOverrides
from ops.lab.faults.series import SETTINGS, Order, summary
from ops.lab.faults.trial import Finding, SentMessage, TrialRecord
from ops.lab.world.messages import CONCERNED
from ops.lab.world.population import Recipient
from ops.lab.world.records import GatewayRecord, Kind, ServiceRecord
from ops.lab.world.service import ApiResponse

BEGAN = datetime(2026, 8, 1, 12, tzinfo=UTC)
HEIMBACH = frozenset({"05358012"})
ALERT_ID = "01K00000000000000000000000"
OTHER_ID = "01K00000000000000000000001"


def second(number: Any) -> Any:
    return BEGAN + timedelta(seconds=number)


def sent(alert_id: Any = ALERT_ID, kind: Any = Kind.ALERT, at: float = 0.0, chain: Any = None) -> SentMessage:
    message = (chain or Chain("run", "leitstelle@kreis.example", Variant(places=HEIMBACH))).write(kind)
    body = f'{{"alert": {{"id": "{alert_id}"}}}}'.encode()
    return SentMessage(
        message, "run", ApiResponse(201, body, second(at), second(at + 0.1)), settled_at=second(at + 5)
    )


def case(
    *messages: Any, number: int = 0, began: float = 0.0, ended: float = 10.0, **more: Any
) -> TrialRecord:
    return TrialRecord(number, number, second(began), sent=list(messages), ended_at=second(ended), **more)


def accepted(
    recipient: Any, alert_id: Any = ALERT_ID, at: float = 1.0, collapse: str = "one", channel: str = "webpush"
) -> GatewayRecord:
    return GatewayRecord(alert_id, recipient, channel, True, second(at), "hash", collapse=collapse)


def claim(recipient: Any, state: str = "accepted", alert_id: Any = ALERT_ID) -> ServiceRecord:
    return ServiceRecord(alert_id, recipient, "webpush", state)


PEOPLE = [Recipient(ref, "webpush", f"/push/{ref}", ("05358012",), "05358012") for ref in ("a", "b")]


def counts(one: Any) -> tuple[Any, ...]:
    total = one.verdict.total
    return total.lost, total.doubled, total.phantom, total.false_delivered, total.unknown


def test_a_run_without_fault_is_well() -> None:
    [judged] = judge_cases(
        [case(sent(), claims=[claim("a"), claim("b")])], PEOPLE, [accepted("a"), accepted("b")]
    )
    assert counts(judged) == (0, 0, 0, 0, 0)
    assert judged.failures == ()


def test_a_loss_a_lie_and_an_open_end_are_named() -> None:
    claims = [claim("a"), claim("b", "retry")]
    [judged] = judge_cases([case(sent(), claims=claims)], PEOPLE, [])
    assert counts(judged) == (2, 0, 0, 1, 1)
    assert {text.split("=")[0] for text in judged.failures} == {"lost", "false_delivered", "unknown"}


def test_doubles_are_held_against_the_run_in_which_they_happened() -> None:
    runs = [
        case(sent(), claims=[claim("a"), claim("b")], bound=1),
        case(
            sent(OTHER_ID, at=20),
            number=1,
            began=20,
            ended=30,
            claims=[claim("a", alert_id=OTHER_ID), claim("b", alert_id=OTHER_ID)],
        ),
    ]
    records = [accepted(ref, one, at) for one, at in ((ALERT_ID, 1), (OTHER_ID, 21)) for ref in "ab"]
    first, second_run = judge_cases(runs, PEOPLE, [*records, accepted("a", at=25)])
    assert counts(first) == (0, 1, 0, 0, 0)
    assert first.failures == ()
    assert counts(second_run) == (0, 0, 0, 0, 0)


def test_what_no_run_submitted_is_a_phantom_of_the_run_that_saw_it() -> None:
    record = accepted("a", "01K00000000000000000000009", at=2)
    [judged] = judge_cases(
        [case(sent(), claims=[claim("a"), claim("b")])], PEOPLE, [accepted("a"), accepted("b"), record]
    )
    assert judged.verdict.total.phantom == 1


def test_whom_the_fault_itself_cuts_off_is_not_missed() -> None:
    [judged] = judge_cases(
        [case(sent(), claims=[claim("a"), claim("b", "dead")], excused={"b"})], PEOPLE, [accepted("a")]
    )
    assert judged.failures == ()


def test_who_expired_is_not_missed_where_the_fault_outlasts_the_warning_only() -> None:
    claims = [claim("a"), claim("b", "expired")]
    [kept] = judge_cases([case(sent(), claims=claims, may_expire=True)], PEOPLE, [accepted("a")])
    [broken] = judge_cases([case(sent(), claims=claims)], PEOPLE, [accepted("a")])
    assert kept.failures == ()
    assert broken.verdict.total.lost == 1


def test_what_was_replaced_before_it_was_planned_is_missed_by_nobody() -> None:
    chain = Chain("run", "leitstelle@kreis.example", Variant(places=HEIMBACH))
    both = [sent(chain=chain), sent(OTHER_ID, Kind.CANCEL, at=2, chain=chain)]
    [kept] = judge_cases([case(*both)], PEOPLE, [])
    [broken] = judge_cases([case(*both, claims=[claim("a", "retry")])], PEOPLE, [])
    assert kept.failures == ()
    assert (broken.verdict.total.lost, broken.verdict.total.unknown) == (1, 1)


def test_a_run_that_concerned_nobody_proves_nothing() -> None:
    [judged] = judge_cases([case(sent())], [], [])
    assert judged.failures == ("nobody expected anything",)


def test_the_summary_names_run_and_criterion() -> None:
    fault = FAULTS[0]
    runs = [case(sent(), claims=[claim("a"), claim("b")], recovery_s=[8.0])]
    runs[0].findings["resumes_s"] = Finding(12.0, 10.0)
    judged = judge_cases(runs, PEOPLE, [accepted("a"), accepted("b")])
    found = summary(fault, Order((5,), 300, None), judged)
    assert found["ok"] is False
    assert found["failures"] == ["run 0: resumes_s=12>10"]
    assert found["criteria"] == {"resumes_s": {"worst": 12.0, "limit": 10.0, "ok": False}}
    assert found["recovery_s"] == {"median": 8.0, "max": 8.0, "n": 1}
    assert (found["keys"], found["lost"]) == (2, 0)


def test_a_control_is_well_only_if_something_was_lost() -> None:
    runs = [case(sent(), claims=[claim("a"), claim("b")])]
    lossy = judge_cases(runs, PEOPLE, [accepted("a")])
    whole = judge_cases(runs, PEOPLE, [accepted("a"), accepted("b")])
    order = Order((5,), 300, None)
    assert summary(CONTROLS[0], order, lossy)["ok"] is True
    assert summary(CONTROLS[0], order, whole)["ok"] is False


@pytest.mark.parametrize(
    "cut", [Variant(), Variant(places=HEIMBACH), Variant(lifetime=timedelta(minutes=5)), Variant(minor=True)]
)
def test_every_bulletin_is_clean_cap_and_says_what_it_claims(cut: Variant) -> None:
    chain = Chain("run-1", "leitstelle@kreis.example", cut)
    for kind in (Kind.ALERT, Kind.UPDATE, Kind.CANCEL):
        message = chain.write(kind)
        [alert] = cap.parse(message.xml).alerts
        assert [one for one in cap.check(alert) if one.severity is cap.Level.ERROR] == []
        assert alert.identifier == message.identifier
        assert all(info.expires == message.expires for info in alert.infos)
        wanted = cut.places if cut.places and kind is not Kind.CANCEL else CONCERNED[kind]
        assert message.concerned == wanted
    assert message.order == 2


def test_every_fault_of_the_table_is_there_and_found_by_name_and_code() -> None:
    codes = {f"F{number}" for number in range(1, 26)}
    assert {fault.code for fault in FAULTS} == codes
    names = [fault.name for fault in (*FAULTS, *CONTROLS)]
    assert len(names) == len(set(names))
    assert [fault.name for fault in named("f7")] == ["record-kill", "record-immediate"]
    assert named("all") == (*FAULTS, *CONTROLS)
    assert named("control") == CONTROLS
    with pytest.raises(KeyError):
        named("nothing")


@pytest.mark.parametrize("runs", ["0", "-1", "x"])
def test_no_run_at_all_is_no_success(runs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["worker-kill", "--runs", runs])
    assert ended.value.code == 2
    assert "--runs" in capsys.readouterr().err


def test_the_list_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    assert all(re.search(rf"\b{fault.name}\b", said) for fault in (*FAULTS, *CONTROLS))


def test_the_table_has_a_row_for_each_result_in_the_catalogues_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    well = judge_cases(
        [case(sent(), claims=[claim("a"), claim("b")], recovery_s=[2.0])],
        PEOPLE,
        [accepted("a"), accepted("b")],
    )
    for fault in (CONTROLS[0], FAULTS[1], FAULTS[0]):
        found = summary(fault, Order((5,), 300, None), well)
        (tmp_path / f"{fault.name}.json").write_bytes(msgspec.json.encode(found))
    assert main(["table", "--out", str(tmp_path)]) == 0
    _, _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split("`")[1] for row in rows] == [FAULTS[0].name, FAULTS[1].name, CONTROLS[0].name]
    assert "| 1 | 5 | 2 | 0 | 0 <= 0 | 2.0 / 2.0 | kept |" in rows[0]
    assert "NOT FOUND" in rows[2]


def test_the_table_names_the_seeds_that_were_drawn_below_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [case(sent(), claims=[claim("a"), claim("b")])] * 2
    well = judge_cases(runs, PEOPLE, [accepted("a"), accepted("b")])
    for fault, seeds in zip(FAULTS[:4], [(7, 8), (9, 9), (7, 8), (8, 7)], strict=True):
        found = summary(fault, Order(seeds, 300, None), well)
        (tmp_path / f"{fault.name}.json").write_bytes(msgspec.json.encode(found))
    assert main(["table", "--out", str(tmp_path)]) == 0
    _, _, *rows, between, first, between_too, second = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[3] for row in rows] == ["S1", "9", "S1", "S2"]
    assert (between, first, between_too, second) == ("", "S1: 7, 8.", "", "S2: 8, 7.")


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--runs", "3", "--seed", "5"], (5, 5, 5)),
        (["--seed", "5,6"], (5, 6)),
        (["--seed", "5,6", "--runs", "2"], (5, 6)),
    ],
)
def test_seeds_are_given_for_all_runs_or_for_each(arguments: list[str], wanted: tuple[int, ...]) -> None:
    assert seeds_of(_options(["all", *arguments])) == wanted


def test_seeds_that_are_drawn_differ_from_run_to_run_and_from_time_to_time() -> None:
    drawn = [seeds_of(_options(["all", "--runs", "10", "--seed", "random"])) for _ in range(2)]
    assert [len(seeds) for seeds in drawn] == [10, 10]
    assert len(set(drawn[0]) | set(drawn[1])) > 10


@pytest.mark.parametrize("arguments", [["--seed", "x"], ["--seed", "5,"], ["--seed", "5,6", "--runs", "3"]])
def test_seeds_that_are_none_or_of_another_number_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["worker-kill", *arguments])
    assert ended.value.code == 2
    assert "seed" in capsys.readouterr().err


def test_the_settings_of_the_series_are_the_service_s_own() -> None:
    """One that was renamed would change nothing any more, and nobody would notice."""
    known = {f"WARN_{name.upper()}" for name in Settings.model_fields}
    assert SETTINGS.keys() <= known


def test_an_unknown_fault_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "nothing" in capsys.readouterr().err


def test_a_process_is_dressed_by_its_name_before_its_sort() -> None:
    overrides = {"worker": ProcessOverrides(("nice",)), "worker-2": ProcessOverrides(module="elsewhere")}
    plain = ["python", "-m", "dispatcher", "worker"]
    assert process_overrides.overridden("worker-1", plain, overrides) == ["nice", *plain]
    assert process_overrides.overridden("worker-2", plain, overrides) == [
        "python",
        "-m",
        "elsewhere",
        "worker",
    ]
    assert process_overrides.overridden("api", plain, overrides) == plain


def test_the_same_seed_strikes_at_the_same_instant() -> None:
    draws = [random.Random(f"{seed}|worker-kill|0").random() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_retry_after_comes_in_every_form() -> None:
    headers = [form.header for form in gateways.forms(BEGAN)]
    assert {None, "4", "in a moment"} <= set(headers)
    assert "Sat, 01 Aug 2026 11:00:00 GMT" in headers
