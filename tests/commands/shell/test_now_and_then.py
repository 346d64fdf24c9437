"""A person hears now and then how far it is."""

from dispatcher.commands.shell.now_and_then import NowAndThen


def test_it_is_said_once_a_second_and_at_the_end() -> None:
    times = iter([0.0, 0.4, 1.1, 1.2, 1.3, 1.4, 1.5])
    said: list[tuple[int, int]] = []
    far = NowAndThen(lambda done, of: said.append((done, of)), lambda: next(times))
    for done in (1, 2, 3, 4, 5, 6):
        far(done, 6)
    assert said == [(2, 6), (6, 6)]
