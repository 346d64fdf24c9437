"""The plan of a drill."""

from datetime import timedelta
from pathlib import Path

import pytest

from dispatcher.commands.drill.plan import LARGEST, PlanError, read_plan

PLAN = """
name = "Probealarm Kreis Düren"
sender = "leitstelle@dueren.example"
municipalities = ["05358008", "05358024"]
receipts = "30s"

[alarm]
event = "Übung"
headline = "Übung: Chemieunfall"
instruction = "Fenster schließen."

[correction]
after = "5m"
confirmations = 10
headline = "Übung: nur Düren betroffen"
instruction = "In Jülich ist nichts zu tun."

[all_clear]
after = "1h"
text = "Die Übung ist beendet."

[expected]
accepted = 0.9
within = "20s"
"""


def written(folder: Path, text: str = PLAN) -> Path:
    file = folder / "plan.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_plan_says_where_in_which_words_and_with_which_pauses(tmp_path: Path) -> None:
    plan = read_plan(written(tmp_path))
    assert plan.municipalities == ["05358008", "05358024"]
    assert plan.correction
    assert (plan.correction.after, plan.correction.confirmations) == (timedelta(minutes=5), 10)
    assert plan.lasts == timedelta(hours=1, minutes=5, seconds=30)
    assert (plan.expected.accepted, plan.expected.within) == (0.9, timedelta(seconds=20))


def test_the_plan_of_the_guide_is_one(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "ops/docs/drills.md").read_text(encoding="utf-8")
    assert read_plan(written(tmp_path, guide.split("```toml\n")[1].split("```")[0])).correction


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"05358008"', '"Düren"', "municipalities.0"),
        ('["05358008", "05358024"]', "[]", "municipalities"),
        (
            'after = "5m"',
            'after = "5"',
            "correction.after: Value error, a duration is written like 90s, 5m or 1h",
        ),
        ('after = "1h"', 'after = "3h"', "all_clear.after"),
        ('event = "Übung"', "", "alarm.event: Field required"),
        ('name = "Probealarm', 'severity = "Extreme"\nname = "Probealarm', "severity: Extra inputs"),
        ("leitstelle@dueren.example", "leit stelle", "sender"),
        ("confirmations = 10", "confirmations = -1", "correction.confirmations"),
        ("[alarm]", "[alarm", "Expected ']'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in PLAN
    with pytest.raises(PlanError) as refused:
        read_plan(written(tmp_path, PLAN.replace(old, new)))
    assert said in str(refused.value)


def test_no_file_is_read_beyond_its_bound(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="bytes"):
        read_plan(written(tmp_path, "#" * (LARGEST + 1)))
    (tmp_path / "latin.toml").write_bytes(b"name = '\xfc'")
    with pytest.raises(PlanError, match="utf-8"):
        read_plan(tmp_path / "latin.toml")
