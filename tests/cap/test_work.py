"""Twice the message is twice the work: counted in calls, not in seconds."""

import sys
from typing import Any

import pytest

import cap

CAP = 'xmlns="urn:oasis:names:tc:emergency:cap:1.2"'
GEOCODE = "<geocode><valueName>SHN</valueName><value>053580008008</value></geocode>"
STRANGE = '<x a="1"/>'
REFERENCE = "s@x.example,id-%d,2026-11-22T10:00:00+01:00 "

BODIES = {
    "areas": lambda n: (
        f"<alert {CAP}><info>{f'<area><areaDesc>a</areaDesc>{GEOCODE}</area>' * n}</info></alert>"
    ),
    "geocodes": lambda n: f"<alert {CAP}><info><area>{GEOCODE * n}</area></info></alert>",
    "broken geocodes": lambda n: f"<alert {CAP}><info><area>{'<geocode/>' * n}</area></info></alert>",
    "strange elements": lambda n: f"<alert {CAP}>{STRANGE * n}</alert>",
    "strange elements in a text": lambda n: f"<alert {CAP}><note>{'<x>y</x>' * n}</note></alert>",
    "repeated elements": lambda n: f"<alert {CAP}>{'<sender>a</sender>' * n}</alert>",
    "references": lambda n: (
        f"<alert {CAP}><references>{''.join(REFERENCE % i for i in range(n))}</references></alert>"
    ),
    "alerts": lambda n: f"<alerts>{f'<alert {CAP}/>' * n}</alerts>",
    "entries": lambda n: f"<feed xmlns='http://www.w3.org/2005/Atom'>{'<entry/>' * n}</feed>",
    "polygons": lambda n: (
        f"<alert {CAP}><info><area>{'<polygon>1,1 1,2 2,2 1,1</polygon>' * n}</area></info></alert>"
    ),
    "tags in a text": lambda n: f"<alert {CAP}><note>{'&lt;b>x&lt;/b>' * n}</note></alert>",
}
LIMITS = cap.Limits(max_problems=100_000)


def calls(body: Any) -> int:
    """How many functions, Python's and C's, are called to read and check the body."""
    count = 0

    def profile(_frame: Any, event: Any, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        for alert in cap.parse(body, LIMITS).alerts:
            cap.check(alert)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", BODIES)
def test_work_grows_with_the_message_and_not_faster(name: Any) -> None:
    small, large = (calls(BODIES[name](size).encode()) for size in (300, 600))
    assert large < 2.1 * small
