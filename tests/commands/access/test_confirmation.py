"""What cannot be taken back is asked for."""

import pytest
import typer

from dispatcher.commands.access.confirmation import require_confirmation


@pytest.mark.parametrize(("answer", "done"), [(True, True), (False, False)])
def test_a_person_at_a_terminal_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: bool, done: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def confirm(text: str, err: bool) -> bool:
        asked.append(text)
        return answer

    monkeypatch.setattr(typer, "confirm", confirm)
    if done:
        require_confirmation("all keys end", yes=False)
    else:
        with pytest.raises(typer.Exit):
            require_confirmation("all keys end", yes=False)
        assert capsys.readouterr().err == "nothing was changed\n"
    assert asked == ["all keys end. Do it?"]


def test_without_a_terminal_somebody_has_to_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(typer.Exit) as ended:
        require_confirmation("all keys end", yes=False)
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == "all keys end; to do it say --yes; nothing was changed\n"
    require_confirmation("all keys end", yes=True)
    assert capsys.readouterr().err == "all keys end\n", "it is said all the same"
