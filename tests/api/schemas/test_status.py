"""How an alert stands, as it is shown."""

from dispatcher.api.schemas.status import channel_body, stated_template_body
from dispatcher.model.ledger import ChannelSummary
from tests.support.messages import NOW


def test_a_channel_shows_its_states_and_beside_them_what_was_reported() -> None:
    summary = ChannelSummary("sms", "alert", {"accepted": 2}, NOW, None, {"delivered": 1})
    assert channel_body(summary).model_dump() == {
        "channel": "sms",
        "kind": "alert",
        "states": {"accepted": 2},
        "first_accepted_at": NOW,
        "last_accepted_at": None,
        "reports": {"delivered": 1},
        "receipts": {"delivered": 0, "displayed": 0, "confirmed": 0},
    }


def test_the_template_that_it_states_is_shown() -> None:
    shown = stated_template_body(("hochwasser", 3))
    assert shown is not None
    assert shown.model_dump() == {"id": "hochwasser", "version": 3}
    assert stated_template_body(None) is None
