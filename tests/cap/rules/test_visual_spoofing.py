"""Texts that deceive the eye, and foreign texts that do not."""

import pytest

import cap
from cap.findings import Problem
from cap.rules.visual_spoofing import spoofing_problems


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Hochwasser an der Rur", []),
        ("Überflutung – „Gefahr“", []),
        ("Наводнение", []),
        ("πλημμύρα and floods", []),
        ("تحذير\u200f من الفيضانات", []),
        ("می\u200cخواهم", []),
        ("洪水", []),
        ("kein \u202eznE", ["text-direction"]),
        ("isolated \u2066text", ["text-direction"]),
        ("isolated text\u2069", ["text-direction"]),
        ("πλημμύρα T恤", []),
        ("Rau\u200bch", ["text-invisible"]),
        ("\ufeffRauch", ["text-invisible"]),
        ("Rauch\U000e0041", ["text-invisible"]),
        ("R\u0430uch", ["text-mixed-script"]),
        ("\u0391larm", ["text-mixed-script"]),
        ("A\u0430\u200b\u202e", ["text-direction", "text-invisible", "text-mixed-script"]),
    ],
)
def test_only_what_deceives_is_reported(text: str, codes: list[str]) -> None:
    info = cap.Info(headline=text, line=9, lines={"headline": 12})
    assert list(spoofing_problems(info, "/alert/info[1]")) == [
        Problem(code, "/alert/info[1]/headline", 12, "headline") for code in codes
    ]


def test_every_text_that_people_read_is_looked_at() -> None:
    odd = "Rau\u200bch"
    info = cap.Info(
        event=odd, headline=odd, description=odd, instruction=odd, sender_name=odd, contact=odd, line=9
    )
    found = [(problem.path, problem.line) for problem in spoofing_problems(info, "/i")]
    names = ("event", "headline", "description", "instruction", "senderName", "contact")
    assert found == [(f"/i/{name}", 9) for name in names]
