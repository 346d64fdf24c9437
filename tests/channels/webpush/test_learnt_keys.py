"""What was learnt about subscriptions' keys is kept, bounded, and handed on once."""

from typing import Any

from channels.webpush import learnt_keys
from channels.webpush.learnt_keys import LearntKeys


def test_what_was_learnt_is_known_and_taken_once() -> None:
    keys = LearntKeys()
    keys.note(1, "A")
    assert (keys.get(1), keys.get(2), keys.take(), keys.take()) == ("A", "", {1: "A"}, {})
    assert keys.get(1) == "A"


def test_what_could_not_be_written_is_taken_again_unless_it_is_known_better() -> None:
    keys = LearntKeys()
    keys.note(1, "A")
    keys.note(2, "A")
    taken = keys.take()
    keys.note(2, "B")
    keys.put_back(taken)
    assert keys.take() == {1: "A", 2: "B"}


def test_it_does_not_grow_without_end(monkeypatch: Any) -> None:
    monkeypatch.setattr(learnt_keys, "MOST", 2)
    keys = LearntKeys()
    for number in range(5):
        keys.note(number, "A")
    keys.note(1, "B")
    assert (len(keys), keys.take()) == (2, {0: "A", 1: "B"})
