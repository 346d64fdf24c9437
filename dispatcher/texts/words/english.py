"""The English words of notices."""

from __future__ import annotations

from typing import Final

from cap import ResponseType
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.words.plurals import always
from dispatcher.texts.words.words import Words

ENGLISH: Final = Words(
    prefix={
        Kind.ALERT: "WARNING",
        Kind.UPDATE: "UPDATE",
        Kind.NO_LONGER_AFFECTED: "LIFTED FOR YOUR AREA",
        Kind.CANCEL: "ALL CLEAR",
        Kind.DELISTED: "NO LONGER LISTED",
    },
    withdrawn="WARNING CANCELLED",
    all_clear=("All clear", "All-clear"),
    said={
        Kind.ALERT: ("Official warning", "Warning"),
        Kind.UPDATE: ("Updated warning", "Update"),
        Kind.NO_LONGER_AFFECTED: ("Warning lifted", "Lifted"),
        Kind.CANCEL: ("Warning lifted", "Warning cancelled", "All-clear", "All clear", "Cancelled", "Lifted"),
        Kind.DELISTED: (),
    },
    nameless={
        Kind.ALERT: "Danger without further details",
        Kind.UPDATE: "Danger without further details",
        Kind.NO_LONGER_AFFECTED: "The warning no longer applies there",
        Kind.CANCEL: "The warning has been lifted",
        Kind.DELISTED: "Its source no longer lists the warning",
    },
    denial=r"\w+n['’]t|cannot|not|no|never|none|nor|neither|without|yet|lifted|cancelled",
    for_place="for",
    area="Area: {}",
    and_more=always("and {number} more"),
    number_of_places=always("{number} municipalities"),
    others_one="Still in force for your place: {}",
    others_many=always("{number} other warnings are still in force for your place"),
    others_gravest=always(
        "{number} other warnings are still in force for your place, the gravest: {headline}"
    ),
    others_somewhere="Other warnings are still in force in some places",
    others_short="Other warnings are still in force",
    responses={
        ResponseType.SHELTER: "Go inside a building and stay there.",
        ResponseType.EVACUATE: "Leave the area.",
        ResponseType.PREPARE: "Prepare for the danger.",
        ResponseType.AVOID: "Keep away from the danger.",
        ResponseType.MONITOR: "Watch for further news.",
    },
    delisted="The source no longer lists this warning. The authority has not given the all-clear; please stay "
    "informed.",
    test="EXERCISE/TEST",
    since="Lifted since {}",
    since_short="since {}",
    begins="Begins {}",
    begins_short="from {}",
    lasts="Expected to end {}",
    until="Valid until {}",
    until_short="until {}",
    clock="%Y-%m-%d %H:%M",
    clock_with_year="%Y-%m-%d %H:%M",
    proof_title="Warnings are being set up",
    proof_text="This device is being confirmed. From then on warnings arrive here.",
    trial_title="EXERCISE/TEST: trial",
    trial_text="This is no warning. Warnings arrive this way.",
    sms_code="{code} is your code for warnings by SMS ({app}), good for 15 minutes. Not asked for? Do nothing.",
    sms_trial="EXERCISE/TEST: no warning. {code} is the code of your trial ({app}).",
    sms_leave="{code} is the code to end all warnings by SMS. It holds for 15 minutes. Not asked for? Do nothing.",
    zones={},
)
