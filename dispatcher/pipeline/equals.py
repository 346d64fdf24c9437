"""Equal warnings on the record: which stands for a new one, and who speaks when it falls silent. See `merge`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cap
from dispatcher.model import ENDING
from dispatcher.pipeline.merge import alike, around, beginning, same_words, turn_key
from dispatcher.store.kin import Kin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.store.alerts import AffectedPlace, NewAlert, Submission


async def standing_for(
    submission: Submission, alert: cap.Alert, places: Sequence[AffectedPlace], shape: bytes, expires: datetime
) -> str | None:
    """The id of a control centre's warning in force that says all that this one does, to the same people."""
    kin = Kin(submission)
    codes = [place.ags for place in places]
    await kin.take_turns_with_equals(turn_key(alert, codes))
    begins = beginning(alert)
    if not alert.infos or not codes or begins is None:
        return None
    event, spans = alert.infos[0].event, (around(begins), around(expires))
    for stored, its_places in await kin.of_centres_in_force(event, codes, *spans):
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


def _named(places: Sequence[AffectedPlace]) -> set[tuple[str, str]]:
    """Where a municipality is named, all who follow a place in it are concerned; where it is touched, some."""
    return {(place.ags, place.reason) for place in places}


async def speak_for_the_merged(submission: Submission, new: NewAlert) -> None:
    """`new` ends or changes a warning that stood for others. Those that still hold must not end with it: people
    would be told that all is well while another centre warns.
    """
    still_warned = () if new.reason in ENDING else [place.ags for place in new.affected]
    await Kin(submission).stand_in(new.chain_id, still_warned, new.target)
