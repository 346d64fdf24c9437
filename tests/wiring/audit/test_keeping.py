"""What the settings say of the chain."""

from pathlib import Path
from typing import Any

import pytest

from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.audit.keeping import anchors, require_anchor
from dispatcher.wiring.http_client import http_client


async def test_anchors_are_those_of_the_settings(env: Any, tmp_path: Path) -> None:
    http = http_client(Settings())
    assert anchors(Settings(), http) == []
    env.setenv("WARN_AUDIT_ANCHOR_FILE", str(tmp_path / "anchor"))
    env.setenv("WARN_AUDIT_ANCHOR_URL", "https://anchor.example/x")
    assert [one.kind for one in anchors(Settings(), http)] == ["file", "webhook"]
    require_anchor(Settings())
    await http.aclose()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WARN_AUDIT_ANCHOR_URL", "http://anchor.example/GEHEIM"),
        ("WARN_AUDIT_ANCHOR_URL", "GEHEIM"),
        ("WARN_AUDIT_ANCHOR_FILE", "/nowhere/anchor"),
    ],
)
def test_an_anchor_that_can_never_be_reached_stops_the_start(env: Any, name: str, value: str) -> None:
    env.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as error:
        require_anchor(Settings())
    assert "GEHEIM" not in str(error.value)


def test_one_in_a_private_net_is_exempt_by_its_purpose(env: Any) -> None:
    env.setenv("WARN_AUDIT_ANCHOR_URL", "http://10.0.0.5:9000/x")
    env.setenv("WARN_ALLOWED_ORIGINS", "http://10.0.0.5:9000")
    with pytest.raises(SettingsError, match="url_purpose"):
        require_anchor(Settings())
    env.setenv("WARN_ALLOWED_ORIGINS", "anchor=http://10.0.0.5:9000")
    require_anchor(Settings())
