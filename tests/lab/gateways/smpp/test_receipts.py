"""What the stand-in says of messages afterwards."""

from datetime import UTC, datetime

import pytest

from ops.lab.gateways.smpp.message_ids import IdForm, write_id
from ops.lab.gateways.smpp.receipts import (
    FINAL,
    SEQUENCES,
    STATES,
    UNKNOWN_NUMBER,
    Dates,
    Receipt,
    ReceiptPlan,
    Sequence,
    overtakes,
    planned,
    receipt_text,
)

AT = datetime(2026, 11, 28, 12, 34, 56, tzinfo=UTC)
IDS = {
    IdForm.DECIMAL: "42",
    IdForm.HEX: "2a",
    IdForm.HEX_UPPER: "2A",
    IdForm.PADDED: "0000000042",
    IdForm.UUID: "01937000-0000-7000-8000-00000000002a",
}


@pytest.mark.parametrize("form", IdForm)
def test_ids_have_the_forms_of_real_centres(form: IdForm) -> None:
    assert write_id(form, 42) == IDS[form] != write_id(form, 43)


def test_a_receipt_is_written_as_in_the_specifications_appendix() -> None:
    text = receipt_text(ReceiptPlan(), Receipt(42, "DELIVRD"), IdForm.DECIMAL, AT)
    assert text == (
        "id:42 sub:001 dlvrd:001 submit date:2611281234 done date:2611281234 stat:DELIVRD err:000 text:"
    )


def test_a_receipt_may_differ_from_the_answer_in_ids_and_dates() -> None:
    plan = ReceiptPlan(ids=IdForm.HEX_UPPER, dates=Dates.SECONDS, error="0A1")
    text = receipt_text(plan, Receipt(42, "UNDELIV"), IdForm.DECIMAL, AT)
    assert text.startswith("id:2A sub:001 dlvrd:000 submit date:261128123456 ")
    assert " stat:UNDELIV err:0A1 " in text


@pytest.mark.parametrize("sequence", Sequence)
def test_all_that_is_said_is_known(sequence: Sequence) -> None:
    states = [one.state for one in planned(ReceiptPlan((sequence,)), "r", 7, 1)]
    assert set(states) <= STATES.keys()
    assert bool(set(states) & FINAL) == (sequence not in {Sequence.SILENT, Sequence.LOST})
    assert set(SEQUENCES) == set(Sequence)


def test_of_several_parts_one_may_fail_and_of_unknown_messages_it_may_speak() -> None:
    parted = ReceiptPlan((Sequence.PARTED,))
    assert [one.state for one in planned(parted, "r", 7, 1) + planned(parted, "r", 8, 2)] == [
        "DELIVRD",
        "UNDELIV",
    ]
    foreign = planned(ReceiptPlan((Sequence.FOREIGN,)), "r", 7, 1)
    assert [one.message for one in foreign] == [UNKNOWN_NUMBER, 7]
    assert len(planned(ReceiptPlan(doubled=True), "r", 7, 1)) == 2


def test_all_parts_of_a_text_have_one_fate_and_texts_have_different_ones() -> None:
    plan = ReceiptPlan(tuple(Sequence), seed=3)
    fates = {name: [one.state for one in planned(plan, name, 7, 1)] for name in "abcdefghij"}
    assert [one.state for one in planned(plan, "a", 8, 1)] == fates["a"]
    assert len({str(fate) for fate in fates.values()}) > 3


def test_so_many_overtake_their_answers_as_the_plan_says() -> None:
    early = sum(overtakes(ReceiptPlan(early=0.5, seed=1), number) for number in range(1000))
    assert 400 < early < 600
    assert not any(overtakes(ReceiptPlan(), number) for number in range(50))
