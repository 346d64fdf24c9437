"""A delivery and the report about it are found by one key."""

from datetime import timedelta

from dispatcher.model.reports import FinalReport, ReportedDelivery
from dispatcher.model.vocabulary import Lane
from tests.support.messages import NOW


def test_a_report_has_the_key_of_its_delivery() -> None:
    delivery = ReportedDelivery(7, 3, 16, Lane.FLASH, "haupt", NOW, NOW + timedelta(hours=1), NOW, None)
    assert delivery.key == FinalReport(7, 3, "haupt", "delivered", "0").key == (7, 3)
    assert FinalReport(3, 7, "haupt", "delivered", "0").key != delivery.key
