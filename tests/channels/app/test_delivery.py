"""What stands beside a CAP message: the members of the notice that say what it is for, as a header can carry them."""

import json

from channels.app.delivery import MOST_BYTES, delivery

NOTICE = {
    "v": 1,
    "alert": "A",
    "chain": "C",
    "sequence": 5,
    "kind": "no_longer_affected",
    "headline": "Räumung",
    "expires": "2026-11-22T18:00:00+00:00",
    "also_replaces": {"D": 4},
    "municipalities": [{"ags": "05358008", "name": "Düren"}],
    "receipt": "t" * 24,
}


def header(**changes: object) -> bytes:
    return delivery(json.dumps(NOTICE | changes, ensure_ascii=False).encode())


def test_it_says_what_the_notice_says_and_no_word_of_a_sender() -> None:
    said = json.loads(header())
    assert said == {name: value for name, value in NOTICE.items() if name != "headline"} | {
        "municipalities": ["05358008"]
    }
    assert "test" not in said
    assert json.loads(header(test=True))["test"] is True


def test_it_is_one_line_of_ascii_and_short_enough_for_any_server() -> None:
    many = [{"ags": f"{number:08}", "name": "x"} for number in range(1_000)]
    for written in (header(), header(chain="ü\r\nx: y"), header(municipalities=many)):
        assert written.isascii()
        assert written.decode().isprintable()
        assert len(written) <= MOST_BYTES
    assert "municipalities" not in json.loads(header(municipalities=many)), "a part would say too little"
