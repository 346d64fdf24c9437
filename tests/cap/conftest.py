"""One well-formed alert, and ways to break it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>KDN-2026-0042</identifier>
  <sender>leitstelle@kreis.example</sender>
  <sent>2026-11-22T10:00:00+01:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>de-DE</language>
    <category>Fire</category>
    <category>Health</category>
    <event>Großbrand</event>
    <responseType>Shelter</responseType>
    <urgency>Immediate</urgency>
    <severity>Severe</severity>
    <certainty>Observed</certainty>
    <eventCode>
      <valueName>profile:DE-BBK-EVENTCODE</valueName>
      <value>BBK-EVC-040</value>
    </eventCode>
    <effective>2026-11-22T10:00:00+01:00</effective>
    <onset>2026-11-22T10:00:00+01:00</onset>
    <expires>2026-11-22T18:00:00+01:00</expires>
    <senderName>Kreisleitstelle</senderName>
    <headline>Großbrand in einer Lagerhalle</headline>
    <description>Rauch zieht nach Nordosten.</description>
    <instruction>Fenster und Türen schließen.</instruction>
    <web>https://kreis.example/lage</web>
    <contact>Bürgertelefon</contact>
    <parameter>
      <valueName>instructionCode</valueName>
      <value>BBK-ISC-001</value>
    </parameter>
    <resource>
      <resourceDesc>Karte</resourceDesc>
      <mimeType>image/png</mimeType>
      <size>1200</size>
      <uri>https://kreis.example/karte.png</uri>
    </resource>
    <area>
      <areaDesc>Nordstadt</areaDesc>
      <polygon>50.80,6.48 50.82,6.48 50.82,6.52 50.80,6.48</polygon>
      <circle>50.81,6.50 1.5</circle>
      <geocode>
        <valueName>SHN</valueName>
        <value>053580008008</value>
      </geocode>
      <altitude>0</altitude>
      <ceiling>900.5</ceiling>
    </area>
  </info>
</alert>
"""


@pytest.fixture(scope="session")
def message() -> Callable[..., bytes]:
    """`message((old, new), ...)`: the valid alert with each old text, which must be there, replaced once."""

    def build(*changes: tuple[str, str]) -> bytes:
        text = MESSAGE
        for old, new in changes:
            assert old in text, f"the message has no {old!r}"
            text = text.replace(old, new, 1)
        return text.encode()

    return build


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real messages; absent in a stranger's clone, never in CI."""
    default = Path(__file__).parents[2] / "../shared/corpus"
    folder = Path(os.environ.get("CAP_CORPUS") or default).resolve()
    if not (folder / "INDEX.tsv").is_file():
        if os.environ.get("CI"):
            pytest.fail(f"the corpus is not at {folder}")
        pytest.skip(f"the corpus is not at {folder}")
    return folder
