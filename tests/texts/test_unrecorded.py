"""What stands in for the record of a message that is not there."""

from dataclasses import replace

import cap
from cap import Severity
from dispatcher.model.vocabulary import Lane, Reason
from dispatcher.texts.unrecorded import unrecorded
from tests.support.messages import HOUR, NOW, message


def test_it_is_taken_for_the_first_of_its_warning_and_as_severe_as_its_gravest_info() -> None:
    plain = cap.parse(message().xml()).alerts[0]
    (info,) = plain.infos
    graver = replace(
        plain, infos=(replace(info, severity=Severity.MINOR), replace(info, severity=Severity.EXTREME))
    )
    found = unrecorded(graver, NOW, NOW + HOUR)
    assert (found.sent, found.received_at, found.expires) == (NOW, NOW, NOW + HOUR)
    assert (found.lane, found.reason, found.severity) == (Lane.FLASH, Reason.FIRST_NOTICE, Severity.EXTREME)
    assert (found.identifier, found.sender, found.event) == (plain.identifier, plain.sender, info.event)
    assert found.is_in_force(NOW)
