"""All profiles together: which ones a message follows, and what of it without any."""

from pathlib import Path

import cap
from cap.profiles import facts, normalise, profiles_of
from tests.cap.profiles.alerts import alert


def test_a_message_without_a_profile_stays_as_it_is() -> None:
    plain = alert(infos=(cap.Info(response_types=(cap.ResponseType.ALL_CLEAR,)),))
    assert profiles_of(plain) == ()
    assert normalise(plain) is plain
    assert facts(plain).all_clear
    assert facts(plain).key == "x-1"
    assert not facts(plain).is_test
    assert facts(alert(status=cap.Status.TEST)).is_test


def test_the_corpus_is_recognised(corpus: Path) -> None:
    expected = {
        "google-cap-library/australia.cap": {"cap-au"},
        "google-cap-library/canada.cap": {"cap-cp"},
        "google-cap-library/canada_errors.cap": {"cap-cp"},
        "google-cap-library/earthquake_signed.cap": {"ipaws"},
        "international/il-488abaaf-cad5-4d2b-93b2-703016878453.xml": {"meteoalarm"},
        "google-cap-library/weather.cap": set(),
    }
    for name, profiles in expected.items():
        (found,) = cap.parse((corpus / name).read_bytes()).alerts
        assert {profile.name for profile in profiles_of(found)} == profiles, name
