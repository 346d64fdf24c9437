"""What is said that submitting would do."""

from dispatcher.api.schemas.preview import preview_body
from dispatcher.audience.estimate import UNCOUNTED, AudienceEstimate
from dispatcher.audience.reach import Gap
from dispatcher.intake.submission import Dropped, Preview
from dispatcher.model.subscriptions import SubscriberCounts
from dispatcher.model.vocabulary import Lane, Reason
from tests.api.schemas.values import FINDING, FINDING_BODY, LOST_BODY, MATCHED, PLACE, PLACE_BODY
from tests.support.messages import NOW


def test_a_preview_says_whom_it_would_reach() -> None:
    estimate = AudienceEstimate(
        SubscriberCounts({"webpush": 2}, {"05358008": {"webpush": 2}}),
        93_000,
        (Gap("sms", ("05358008",), 1),),
    )
    preview = Preview(
        Reason.UPDATE, Lane.FLASH, NOW, (PLACE,), (FINDING,), estimate, repeated=False, matched=MATCHED
    )
    assert preview_body(preview, "leitstelle").model_dump() == {
        "reason": "update",
        "repeated": False,
        "accepted_as": None,
        "lane": "flash",
        "expires": NOW,
        "sent_to_people": True,
        "over": None,
        "merged_into": None,
        "sent_instead": [],
        "ends": [],
        "withdrawn": [],
        "told": None,
        "no_longer_affected": None,
        "quota_reached": False,
        "municipalities": [PLACE_BODY],
        "unmatched": [LOST_BODY],
        "notes": ["ring repaired"],
        "notes_de": ["Ring geflickt"],
        "reach": {"webpush": 2},
        "reach_by_municipality": {"05358008": {"webpush": 2}},
        "uncounted": None,
        "population": 93_000,
        "gaps": ["1 von 1 Gemeinde hat keine Abonnenten für sms."],
        "findings": [FINDING_BODY],
        "approval": None,
        "sms": None,
    }


def test_who_was_not_counted_is_null_and_not_nobody() -> None:
    preview = Preview(
        Reason.UPDATE,
        Lane.FLASH,
        NOW,
        (PLACE,),
        (),
        UNCOUNTED,
        repeated=False,
        matched=MATCHED,
        dropped=Dropped((PLACE,), UNCOUNTED),
    )
    body = preview_body(preview, "leitstelle")
    assert (body.reach, body.reach_by_municipality, body.uncounted) == (None, None, "timeout")
    assert (body.municipalities, body.gaps, body.sms) == (preview_body(preview, "").municipalities, [], None)
    assert body.no_longer_affected is not None
    assert (body.no_longer_affected.reach, body.no_longer_affected.reach_by_municipality) == (None, None)
