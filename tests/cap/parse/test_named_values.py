"""Named values in the forms of all versions."""

from tests.cap.reading import Message, only


def test_names_may_repeat_and_keep_their_order(message: Message) -> None:
    more = "</geocode><geocode><valueName>SHN</valueName><value>1</value></geocode>"
    area = only(message(("</geocode>", more))).infos[0].areas[0]
    assert [(code.name, code.value) for code in area.geocodes] == [("SHN", "053580008008"), ("SHN", "1")]
