"""What a source may know of other alerts."""

import pytest

from dispatcher.api.schemas.related_alerts import accepted_as_body, merged_into_body
from dispatcher.model.status import CountedAlert, RecipientProgress
from tests.api.schemas.values import on_record


@pytest.mark.parametrize(("reader", "counted"), [("leitstelle", 2), ("andere", None)])
def test_what_was_accepted_before_is_named_and_counted_for_its_source_only(
    reader: str, counted: int | None
) -> None:
    before = CountedAlert(on_record(source_id="leitstelle"), RecipientProgress(accepted=2))
    body = accepted_as_body(before, reader)
    assert body is not None
    assert (body.id, body.progress and body.progress.accepted) == ("A", counted)
    assert accepted_as_body(None, reader) is None


def test_another_sources_warning_is_shown_to_exist_and_no_more() -> None:
    """Its own in full, and to an operator all."""
    stands_in = CountedAlert(on_record(source_id="land"), RecipientProgress(accepted=3))
    hidden = merged_into_body(stands_in, "leitstelle")
    assert hidden is not None
    assert set(hidden.model_dump().values()) == {None}
    for reader in ("land", None):
        shown = merged_into_body(stands_in, reader)
        assert shown is not None
        assert shown.progress is not None
        assert (shown.id, shown.progress.recipients) == ("A", 3)
    assert merged_into_body(None, None) is None
