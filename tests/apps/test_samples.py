"""What looks like a warning and is none."""

from datetime import timedelta

import pytest

import cap
from dispatcher.api.instances.bodies import NoticeBody
from dispatcher.apps.samples import current, sample
from dispatcher.boundaries.municipalities import Boundaries
from tests.support.messages import DUEREN, HOUR, JUELICH, NOW

PLACES = (DUEREN, JUELICH)


@pytest.mark.parametrize(("language", "title"), [("de", "ÜBUNG/TEST: "), ("en", "EXERCISE/TEST: ")])
def test_it_says_that_it_is_a_test_wherever_it_is_read(
    boundaries: Boundaries, language: str, title: str
) -> None:
    made = sample("probe", PLACES, boundaries, NOW, language)
    notice = NoticeBody.model_validate(made.told.notice)
    assert notice.test is True
    assert notice.title.startswith(title)
    assert title.strip(": ") in notice.headline
    assert notice.sequence == int(NOW.timestamp() * 1_000_000)
    assert "notification" not in made.told.notice, "a pull is no push"
    sent = NoticeBody.model_validate(sample("probe", PLACES, boundaries, NOW, language, "").told.notice)
    assert sent.notification is not None
    assert sent.notification.title.startswith(title)
    assert sent.in_force is not None
    assert sent.in_force.active == 1
    (message,) = cap.parse(made.raw).alerts
    assert message.status is cap.Status.TEST
    assert all("TEST" in (info.headline or "") for info in message.infos)


def test_it_shows_all_members_that_a_warning_of_such_places_has(boundaries: Boundaries) -> None:
    made = sample("probe", PLACES, boundaries, NOW)
    notice = NoticeBody.model_validate(made.told.notice)
    assert [place.ags for place in notice.municipalities or []] == [DUEREN, JUELICH]
    assert notice.area_shape is not None
    assert len(notice.area_shape.coordinates) == 2
    assert notice.cap == f"/v1/instance/alerts/{made.alert.id}/cap"


def test_it_is_valid_cap(boundaries: Boundaries) -> None:
    (message,) = cap.parse(sample("probe", PLACES, boundaries, NOW).raw).alerts
    assert [finding.code for finding in cap.check(message, cap.STRICT)] == []


def test_it_is_the_same_for_an_hour_and_the_one_before_is_over(boundaries: Boundaries) -> None:
    first, ended = current("probe", PLACES, boundaries, NOW)
    assert current("probe", PLACES, boundaries, NOW + HOUR - timedelta(seconds=1))[0].alert == first.alert
    second, over = current("probe", PLACES, boundaries, NOW + HOUR)
    assert over.id == first.alert.id
    assert len({first.alert.id, second.alert.id, ended.id, over.by}) == 4
    assert sample("other", PLACES, boundaries, NOW).alert.id != first.alert.id


def test_a_place_that_the_boundary_data_lacks_is_no_obstacle(boundaries: Boundaries) -> None:
    made = sample("probe", ("09162000",), boundaries, NOW)
    assert made.told.notice["municipalities"] == [{"ags": "09162000", "name": "09162000"}]
    assert "area_shape" not in made.told.notice
