"""Severities and urgencies in order, the worst first."""

import pytest

import cap
from cap.severity import SEVERITY_ORDER, URGENCY_ORDER, highest_severity
from cap.vocabulary import Severity, Urgency


def alert(*severities: Severity) -> cap.Alert:
    infos = tuple(cap.Info(severity=severity) for severity in severities)
    return cap.Alert("s", "i", None, cap.Status.TEST, cap.MsgType.ALERT, cap.Scope.PUBLIC, infos=infos)


def test_every_word_has_its_rank() -> None:
    assert tuple(map(Severity, ("Extreme", "Severe", "Moderate", "Minor", "Unknown"))) == SEVERITY_ORDER
    assert tuple(map(Urgency, ("Immediate", "Expected", "Future", "Past", "Unknown"))) == URGENCY_ORDER
    assert (set(SEVERITY_ORDER), set(URGENCY_ORDER)) == (set(Severity), set(Urgency))


@pytest.mark.parametrize(
    ("severities", "highest"),
    [
        ((), Severity.UNKNOWN),
        ((Severity.UNKNOWN,), Severity.UNKNOWN),
        ((Severity.UNKNOWN, Severity.MINOR), Severity.MINOR),
        ((Severity.MINOR, Severity.EXTREME, Severity.SEVERE), Severity.EXTREME),
    ],
)
def test_the_highest_severity_of_all_infos_counts(
    severities: tuple[Severity, ...], highest: Severity
) -> None:
    assert highest_severity(alert(*severities)) is highest
