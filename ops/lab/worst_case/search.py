"""Looks for bodies that cost more than those that are known: a hill climber over pieces of CAP, with a seed.

A candidate is a frame of an alert and a unit made of a few pieces, repeated. The worst found so far is changed by one
piece at a time; after some attempts without success the climber begins somewhere else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from ops.lab.worst_case.bodies import AREA, HEAD, INFO, NAMESPACE, RESOURCE, SIZE, Body

FRAMES: Final[tuple[tuple[str, str], ...]] = (
    (HEAD, "</alert>"),
    (HEAD + "<note>", "</note></alert>"),
    (HEAD + "<references>", "</references></alert>"),
    (HEAD + "<addresses>", "</addresses></alert>"),
    (HEAD + INFO, "</info></alert>"),
    (HEAD + INFO + "<description>", "</description></info></alert>"),
    (HEAD + INFO + "<web>", "</web></info></alert>"),
    (HEAD + INFO + AREA, "</area></info></alert>"),
    (HEAD + INFO + AREA + "<polygon>", "</polygon></area></info></alert>"),
    (HEAD + INFO + RESOURCE + "<derefUri>", "</derefUri></resource></info></alert>"),
    (HEAD + INFO + "<parameter><valueName>a</valueName><value>", "</value></parameter></info></alert>"),
    ("<alerts>", "</alerts>"),
    ('<feed xmlns="http://www.w3.org/2005/Atom">', "</feed>"),
    ('<feed xmlns="http://www.w3.org/2005/Atom"><entry>', "</entry></feed>"),
    ("<rss><channel>", "</channel></rss>"),
)
PIECES: Final[tuple[str, ...]] = (
    *("a", " ", "\n", ",", ";", "0", "1.5", "-", ".", "%", "\u0436", "\u6f22", "&#65;", "&#13;", "]]&gt;"),
    *("&lt;", "&gt;", "&amp;", "&amp;amp;", "&lt;br&gt;", "&lt;/p&gt;", "&lt;li&gt;", "&lt;a ", "&lt;!--", "--&gt;"),
    *("<!-- -->", "<![CDATA[<]]>", "<![CDATA[]]>", "<?a?>", "<a/>", "<a>", "</a>", '<a b="1"/>', '<a xmlns="urn:a"/>'),
    *("<code>a</code>", "<category>Met</category>", "<responseType>q</responseType>", "<sent>x</sent>", "<info/>"),
    *("<area/>", f"{AREA}</area>", "<circle>1,1 1</circle>", "<circle>,</circle>", "<polygon>,</polygon>"),
    *("<polygon>50.8,6.4 50.8,6.5 50.9,6.4 50.8,6.4</polygon>", "<polygon>1,1 1,2 2,2 1,1</polygon>"),
    *("1,1 ", "50.8,6.4 "),
    *("<geocode/>", "<geocode><valueName>AGS</valueName><value>05358</value></geocode>", "<resource/>", "05358 "),
    *("<geocode><valueName>EXCLUDE_POLYGON</valueName><value>1,1 1,2 2,2 1,1</value></geocode>", "<onset>x</onset>"),
    *("<parameter/>", "<parameter><valueName>a</valueName><value>b</value></parameter>", "<altitude>1</altitude>"),
    *("s@x,i,2026-11-28T00:00:00+00:00 ", "a,b,c ", "mow.a ", '"', '"a b" ', "2026-11-28T00:00:00+00:00", "+01:00"),
    *(f'<alert xmlns="{NAMESPACE}"/>', "<content>&lt;alert&gt;</content>", "<contentData>PGFsZXJ0Lz4=</contentData>"),
    *("<entry/>", "<item/>", '<link href="a"/>', "<title>&lt;b&gt;</title>", "<updated>x</updated>", "<id>a</id>"),
)  # fmt: skip
LONGEST: Final = 8
"""Pieces of a unit."""
PATIENCE: Final = 30
"""Attempts without success before the climber begins somewhere else."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A frame, a unit of pieces, and how many there are at most."""

    frame: int
    pieces: tuple[str, ...]
    most: int = SIZE

    def body(self) -> Body:
        before, after = FRAMES[self.frame]
        return Body(before, "".join(self.pieces), after, self.most)


def anywhere(random: Random) -> Candidate:
    """Return a candidate with nothing known of it."""
    pieces = tuple(random.choices(PIECES, k=random.randint(1, 3)))
    return Candidate(
        random.randrange(len(FRAMES)), pieces, random.choice((SIZE, SIZE, 199_000, 90_000, 9_000))
    )


def changed(candidate: Candidate, random: Random) -> Candidate:
    """Return the candidate with one thing different."""
    pieces = list(candidate.pieces)
    kind = random.randrange(5)
    at = random.randrange(len(pieces))
    if kind == 0 and len(pieces) < LONGEST:
        pieces.insert(at, random.choice(PIECES))
    elif kind == 1 and len(pieces) > 1:
        del pieces[at]
    elif kind == 2:
        return replace(candidate, frame=random.randrange(len(FRAMES)))
    elif kind == 3:
        return replace(candidate, most=random.choice((SIZE, 199_000, 90_000, 30_000, 9_000, 1_900)))
    else:
        pieces[at] = random.choice(PIECES)
    return replace(candidate, pieces=tuple(pieces))


def climb(random: Random, cost: Callable[[Candidate], float]) -> Iterator[tuple[float, Candidate]]:
    """Yield the worst of every hill, without end; `cost` in any unit, more is worse."""
    while True:
        best = anywhere(random)
        worst, left = cost(best), PATIENCE
        while left:
            other = changed(best, random)
            found = cost(other)
            left -= 1
            if found > worst:
                best, worst, left = other, found, PATIENCE
        yield worst, best
