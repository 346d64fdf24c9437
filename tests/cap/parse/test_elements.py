"""The tree of elements: what it keeps of a document and what it leaves out."""

from tests.cap.reading import Message, only


def test_any_prefix_is_the_same_message(message: Message) -> None:
    text = message().decode().replace("<", "<c:").replace("<c:/", "</c:").replace("<c:?", "<?")
    assert only(text.replace("xmlns=", "xmlns:c=").encode()) == only(message())


def test_a_stylesheet_instruction_and_comments_are_nothing(message: Message) -> None:
    data = message(("<alert", "<?xml-stylesheet href='a.xsl'?><alert"), ("KDN-2026", "KDN<!-- no -->-2026"))
    assert only(data) == only(message())
