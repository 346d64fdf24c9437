"""Find the recorded warning that a new one duplicates, and promote a suppressed duplicate when that warning ends. What
counts as a duplicate is decided in `similarity`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cap
from dispatcher.intake.similarity import alike, beginning, duplicate_lock_key, same_words, tolerance_window
from dispatcher.model.vocabulary import ENDING_REASONS
from dispatcher.store.alerts.related_alerts import RelatedAlerts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.model.alerts import AffectedMunicipality, NewAlert
    from dispatcher.store.alerts.alerts import Submission


async def find_duplicate(
    submission: Submission,
    alert: cap.Alert,
    places: Sequence[AffectedMunicipality],
    shape: bytes,
    expires: datetime,
) -> str | None:
    """Return the id of a control centre's warning in force that says all that this one does, to the same people."""
    related = RelatedAlerts(submission)
    codes = [place.ags for place in places]
    await related.lock_duplicates(duplicate_lock_key(alert, codes))
    begins = beginning(alert)
    if not alert.infos or not codes or begins is None:
        return None
    event, spans = alert.infos[0].event, (tolerance_window(begins), tolerance_window(expires))
    for stored, its_places in await related.centres_in_force(event, codes, *spans):
        if not alike(alert, codes, expires, stored, its_places):
            continue
        raw = await submission.raw(stored.id)
        if raw is None or not same_words(alert, cap.parse(raw).alerts[0]):
            continue
        if await submission.shape(stored.id) == shape and _named(
            await submission.places(stored.id)
        ) == _named(places):
            return stored.id
    return None


def _named(places: Sequence[AffectedMunicipality]) -> set[tuple[str, str]]:
    """Return the targets: named, a municipality concerns all who watch a place in it; touched, only some of them."""
    return {(place.ags, place.reason) for place in places}


async def promote_suppressed_duplicate(submission: Submission, new: NewAlert) -> None:
    """Send one of the duplicates that were merged into a warning which `new` ends or changes. Those still in force must
    not end with it: people would be notified that all is well while another centre warns.
    """
    still_warned = () if new.reason in ENDING_REASONS else [place.ags for place in new.affected]
    await RelatedAlerts(submission).promote_merged(new.chain_id, still_warned, new.target)
