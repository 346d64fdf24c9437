"""What was missed is found again as long as it is remembered, and that is bounded."""

from dispatcher.publication.journal import EventJournal


def chunks(text: bytes = b"data: x\n\n") -> dict[str, bytes]:
    return {"de": text}


def test_events_are_numbered_and_found_after_any_of_them() -> None:
    journal = EventJournal("t")
    assert (journal.last, journal.after(0)) == (0, [])
    first = journal.add(frozenset({"05358"}), chunks())
    second = journal.add(None, chunks())
    assert first.chunks == {"de": b"id: t-1\ndata: x\n\n"}
    assert [first.concerns("05358"), first.concerns("05334"), second.concerns("05334")] == [True, False, True]
    assert journal.after(0) == [first, second]
    assert journal.after(1) == [second]
    assert journal.after(2) == []
    assert journal.after(3) is None, "a number that was never given"
    assert journal.after(-1) is None


def test_the_oldest_are_forgotten_by_number_and_by_size() -> None:
    journal = EventJournal("t", events=2)
    for _ in range(3):
        journal.add(None, chunks())
    assert journal.after(0) is None
    assert [one.number for one in journal.after(1) or ()] == [2, 3]
    journal = EventJournal("t", size=300)
    journal.add(None, chunks(b"x" * 200))
    journal.add(None, chunks(b"x" * 200))
    assert journal.after(0) is None
    assert len(journal.after(1) or ()) == 1
    journal.add(frozenset(map(str, range(100))), chunks())
    assert journal.after(2) is None, "keys of places take room as well"
    assert journal.after(3) == []


def test_everybody_gets_all_of_it_anew_where_nothing_leads_on() -> None:
    journal = EventJournal("t")
    journal.add(None, chunks())
    journal.forget()
    assert journal.after(1) is None
    assert journal.after(journal.last) == []
    entry = journal.add(None, chunks())
    assert journal.after(entry.number - 1) == [entry]
    assert journal.after(1) is None


def test_only_ids_of_its_own_are_known() -> None:
    journal = EventJournal("0a1")
    assert journal.number_of(journal.id_of(7).decode()) == 7
    for other in ("", "7", "0a2-7", "0a1-", "0a1-x", "0a1--7", "0a1-7\n", "0a1-" + "9" * 99, "²-1"):
        assert journal.number_of(other) is None, other
