"""The account of an alert, as it is shown."""

from dataclasses import fields

from dispatcher.api.schemas.ledger import LedgerLineBody
from dispatcher.model.ledger import LedgerLine


def test_a_line_of_the_ledger_is_described_with_all_its_members() -> None:
    assert list(LedgerLineBody.model_fields) == [one.name for one in fields(LedgerLine)]
