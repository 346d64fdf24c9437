"""An alert's recipients in numbers."""

from dispatcher.api.schemas.progress import progress_body
from dispatcher.model.status import Owed, RecipientProgress
from tests.support.messages import NOW


def test_recipients_are_summed_up_over_all_lines() -> None:
    waiting = (Owed("sms", "a", "queued", "", 3), Owed("sms", "b", "in_flight", "", 4))
    progress = RecipientProgress(10, waiting, (Owed("sms", "a", "gone", "", 2),), NOW, None, gone=2)
    assert progress_body(progress).model_dump() == {
        "recipients": 19,
        "accepted": 10,
        "waiting": 7,
        "failed": 2,
        "gone": 2,
        "quiet_past_end": 0,
        "first_accepted_at": NOW,
        "last_accepted_at": None,
    }
