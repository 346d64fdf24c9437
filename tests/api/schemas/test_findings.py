"""What is said of a message beside accepting it."""

from dispatcher.api.schemas.findings import finding_body
from tests.api.schemas.values import FINDING, FINDING_BODY


def test_a_finding_is_shown_with_all_its_members() -> None:
    assert finding_body(FINDING).model_dump() == FINDING_BODY
