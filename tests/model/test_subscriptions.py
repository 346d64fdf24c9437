"""What the chunks of an import did adds up."""

from dispatcher.model.subscriptions import PutSubscriptions


def test_chunks_add_up_member_by_member() -> None:
    assert PutSubscriptions(1, 2, 3, 4, 5, 6) + PutSubscriptions(10, 20, 30, 40, 50, 60) == PutSubscriptions(
        11, 22, 33, 44, 55, 66
    )
