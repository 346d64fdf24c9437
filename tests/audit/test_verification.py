"""What a change of a chain shows by."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.audit.checkpoint import Checkpoint, CheckpointSigner
from dispatcher.audit.entry import GENESIS, AuditEntry, ChainLink, entry_hash
from dispatcher.audit.verification import FINDINGS_MAX, SUSPECTS_MAX, ChainVerdict, ChainVerifier, Fault

AT = datetime(2026, 11, 29, tzinfo=UTC)
SIGNER = CheckpointSigner(b"k" * 32)
OTHER = CheckpointSigner(b"o" * 32)


def entry(number: int, **other: Any) -> AuditEntry:
    line = AuditEntry(str(number), "700", "2026-11-29T00:00:00.000000Z", "worker", "held.expire", None, "{}")
    return line._replace(**other)


def chain(entries: Iterable[AuditEntry], after: Sequence[ChainLink] = ()) -> list[ChainLink]:
    """The places of these entries, after others."""
    links = list(after)
    for one in entries:
        previous = links[-1].hash if links else GENESIS
        place = len(links) + 1
        links.append(ChainLink(place, int(one.id), previous, entry_hash(place, previous, one), one))
    return links


CHAIN = chain(map(entry, range(1, 10)))


def checkpoint(position: int, links: Sequence[ChainLink] = CHAIN, number: int = 1) -> Checkpoint:
    return SIGNER.sign(number, position, links[position - 1].hash, AT)


def verdict(
    links: Iterable[ChainLink], checkpoints: Sequence[Checkpoint] = (), **options: Any
) -> ChainVerdict:
    number = options.pop("anchored_number", 0)
    verifier = ChainVerifier(**options)
    for one in links:
        verifier.take(one)
        for signed in checkpoints:
            if signed.position == one.position:
                verifier.checkpoint(signed)
    for signed in checkpoints:
        if signed.position > max(one.position for one in links):
            verifier.checkpoint(signed)
    return verifier.finish(number)


def found(links: Iterable[ChainLink], *checkpoints: Checkpoint, **options: Any) -> list[tuple[str, int]]:
    return [(one.fault.value, one.position) for one in verdict(list(links), checkpoints, **options).findings]


def test_a_chain_that_nobody_touched_is_sound() -> None:
    signed = [checkpoint(4), checkpoint(9, number=2)]
    whole = verdict(CHAIN, signed, keys=[SIGNER.key], anchored=signed, anchored_number=2)
    assert whole.sound
    assert (whole.entries, whole.position, whole.hash) == (9, 9, CHAIN[-1].hash)
    assert (whole.checkpoints, whole.anchored, whole.covered, whole.keys) == (2, 2, 9, (SIGNER.key,))
    assert ChainVerifier().finish().sound


def put(links: Sequence[ChainLink], place: int, **other: Any) -> list[ChainLink]:
    changed = list(links)
    changed[place - 1] = changed[place - 1]._replace(**other)
    return changed


def rehashed(links: Sequence[ChainLink], place: int, one: AuditEntry) -> list[ChainLink]:
    previous = links[place - 1].previous
    return put(links, place, entry=one, hash=entry_hash(place, previous, one))


def moved(links: Iterable[ChainLink], by: int) -> list[ChainLink]:
    return [one._replace(position=one.position + by) for one in links]


def swapped(links: Sequence[ChainLink], one: int, other: int) -> list[ChainLink]:
    """What stands at two positions, its hashes with it, has changed places."""
    first, second = links[one - 1], links[other - 1]
    changed = list(links)
    changed[one - 1], changed[other - 1] = second._replace(position=one), first._replace(position=other)
    return changed


def inserted(place: int) -> list[ChainLink]:
    """With an entry put in that fits what is before it."""
    before = CHAIN[: place - 1]
    return [*chain([entry(99)], before), *moved(CHAIN[place - 1 :], 1)]


TAMPERED: dict[str, tuple[list[ChainLink], list[tuple[str, int]]]] = {
    "edited": (put(CHAIN, 4, entry=entry(4, actor="nobody")), [("edited", 4)]),
    "edited, with its hash": (rehashed(CHAIN, 4, entry(4, actor="nobody")), [("edited", 4)]),
    "two edited beside each other": (
        put(put(CHAIN, 4, entry=entry(4, detail="1")), 5, entry=entry(5, detail="1")),
        [("edited", 4), ("edited", 5)],
    ),
    "its hash edited": (put(CHAIN, 4, hash=bytes(32)), [("edited", 4)]),
    "the last one edited": (put(CHAIN, 9, entry=entry(9, detail="1")), [("edited", 9)]),
    "taken out of the trail": (put(CHAIN, 4, entry=None), [("deleted", 4)]),
    "taken out of the chain": ([*CHAIN[:3], *CHAIN[4:]], [("deleted", 4)]),
    "several taken out of the chain": ([*CHAIN[:3], *CHAIN[6:]], [("deleted", 4)]),
    "the first taken out": (CHAIN[1:], [("deleted", 1)]),
    "taken out, and the others moved up": ([*CHAIN[:3], *moved(CHAIN[4:], -1)], [("deleted", 4)]),
    "the last but one taken out, the last moved up": (
        [*CHAIN[:7], *moved(CHAIN[8:], -1)],
        [("deleted", 8)],
    ),
    "put in": (inserted(4), [("inserted", 4)]),
    "put in before the last": (inserted(9), [("inserted", 9)]),
    "neighbours swapped": (swapped(CHAIN, 4, 5), [("reordered", 4), ("reordered", 5)]),
    "others swapped": (swapped(CHAIN, 3, 7), [("reordered", 3), ("reordered", 7)]),
    "entries swapped under their hashes": (
        put(put(CHAIN, 3, entry=entry(7)), 7, entry=entry(3)),
        [("reordered", 3), ("reordered", 7)],
    ),
    "a second one at a position": ([*CHAIN[:4], *chain([entry(99)], CHAIN[:3])[3:], *CHAIN[4:]], [("forked", 4)]),
}  # fmt: skip


@pytest.mark.parametrize(("links", "expected"), TAMPERED.values(), ids=TAMPERED)
def test_a_change_is_named_with_its_position(links: Any, expected: Any) -> None:
    assert found(links) == expected


@pytest.mark.parametrize("field", AuditEntry._fields)
def test_every_field_is_covered(field: str) -> None:
    assert found(put(CHAIN, 4, entry=entry(4)._replace(**{field: "77"}))) == [("edited", 4)]
    assert found(put(CHAIN, 4, entry=entry(4))) == []


REWRITTEN = chain([entry(5, actor="nobody"), *map(entry, range(6, 10))], CHAIN[:4])
"""All hashes from position 5 on computed anew."""


def test_a_chain_written_anew_shows_by_a_checkpoint_alone() -> None:
    assert found(REWRITTEN) == [], "nobody can see it without"
    signed = [checkpoint(3), checkpoint(8, number=2)]
    whole = verdict(REWRITTEN, signed)
    assert [(one.fault, one.position) for one in whole.findings] == [(Fault.FORKED, 8)]
    assert whole.findings[0].sentence == (
        "position 8: the record's checkpoint 2 of 2026-11-29T00:00:00.000000Z is of another chain than this: they part "
        "after position 3"
    )


def test_one_whose_checkpoints_were_made_anew_shows_by_an_anchor() -> None:
    own = checkpoint(8, REWRITTEN)
    assert found(REWRITTEN, own) == []
    assert found(REWRITTEN, own, anchored=[checkpoint(8)]) == [("forked", 8)]
    assert found(CHAIN, checkpoint(8), anchored=[checkpoint(8), checkpoint(8, REWRITTEN, 7)]) == [
        ("forked", 8)
    ]


def test_an_end_that_is_cut_off_shows_by_a_checkpoint_or_an_anchor() -> None:
    cut = CHAIN[:6]
    assert found(cut) == [], "nobody can see it without"
    assert found(cut, checkpoint(8)) == [("truncated", 8)]
    assert found(cut, anchored=[checkpoint(8)]) == [("truncated", 8)]
    assert found(cut, checkpoint(5), anchored_number=2) == [("truncated", 6)]
    assert found(cut, checkpoint(5), anchored_number=1) == []


def test_a_checkpoint_counts_only_where_it_is_signed_by_a_key_that_does() -> None:
    forged = Checkpoint(1, 8, CHAIN[7].hash, AT, SIGNER.key, OTHER.sign(1, 8, CHAIN[7].hash, AT).signature)
    assert found(CHAIN, forged) == [("forged", 8)]
    other = OTHER.sign(1, 8, CHAIN[7].hash, AT)
    assert found(CHAIN, other, keys=[SIGNER.key]) == [("forged", 8)]
    assert found(CHAIN, other, keys=[SIGNER.key, OTHER.key]) == []
    assert found(CHAIN[:6], anchored=[forged]) == [("forged", 8)], "and nothing is made of what it says"


def test_a_checkpoint_that_is_gone_is_named() -> None:
    assert found(CHAIN, checkpoint(4), checkpoint(8, number=3)) == [("deleted", 8)]
    assert found(CHAIN, checkpoint(4), checkpoint(8, number=1)) == [("forked", 8)]


def test_a_checkpoint_that_stands_elsewhere_vouches_for_nothing_and_is_named() -> None:
    verifier = ChainVerifier()
    verifier.take_all([*REWRITTEN, checkpoint(8)])
    assert [(one.fault, one.position) for one in verifier.finish().findings] == [(Fault.REORDERED, 8)]


def test_by_keys_that_are_known_otherwise_one_checkpoint_has_to_agree() -> None:
    known: dict[str, Any] = {"keys": [SIGNER.key], "pinned": True}
    assert found(REWRITTEN, **known) == [("forged", 9)]
    assert found(CHAIN, checkpoint(8), **known) == []
    assert found(CHAIN, anchored=[checkpoint(8)], **known) == []
    assert ChainVerifier(**known).finish().sound, "where there is no entry, there is nothing to vouch for"


def test_what_is_kept_of_many_faults_is_bounded_and_all_are_counted() -> None:
    many = chain(map(entry, range(1, 400)))
    gone = [one._replace(entry=None) for one in many]
    changed = [one._replace(entry=entry(one.position, detail="1")) for one in many]
    for links, fault in ((gone, Fault.DELETED), (changed, Fault.EDITED)):
        whole = verdict(links)
        assert len(whole.findings) == FINDINGS_MAX > SUSPECTS_MAX
        assert whole.counts == {fault: 399}
