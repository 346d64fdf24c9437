"""What REDIS_URL may say."""

import pytest

from dispatcher.queue.address import Credentials, Sentinels, Server, parse

SECRET = "geheim"


@pytest.mark.parametrize(
    "url",
    [
        "redis://queue.example",
        f"redis://user:{SECRET}@queue.example:6380/3",
        "rediss://queue.example",
        "unix:///run/valkey.sock?db=0",
        "REDIS://queue.example",
    ],
)
def test_one_server_is_left_to_redis_py(url: str) -> None:
    assert parse(url) == Server(url)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis+sentinel://a/mymaster", Sentinels((("a", 26379),), "mymaster")),
        (
            "redis+sentinel://a:1,b.example:26380,[fd00::1]:2,[::1]/warn-1.main_/7",
            Sentinels((("a", 1), ("b.example", 26380), ("fd00::1", 2), ("::1", 26379)), "warn-1.main_", 7),
        ),
        ("rediss+sentinel://a/m", Sentinels((("a", 26379),), "m", tls=True)),
        (
            f"redis+sentinel://warn:{SECRET}@a/m",
            Sentinels((("a", 26379),), "m", servers=Credentials("warn", SECRET)),
        ),
        (
            "redis+sentinel://:p%40s%2Fs%3Aw%2C@a/m?sentinel_username=u&sentinel_password=w%26x",
            Sentinels(
                (("a", 26379),),
                "m",
                servers=Credentials("", "p@s/s:w,"),
                sentinels=Credentials("u", "w&x"),
            ),
        ),
        ("Redis+Sentinel://a/m", Sentinels((("a", 26379),), "m")),
    ],
)
def test_sentinels_and_whom_they_watch(url: str, address: Sentinels) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"http://:{SECRET}@h/0", "must begin with one of redis://, redis\\+sentinel://"),
        (f":{SECRET}@h", "must begin with one of"),
        (f"sentinel://:{SECRET}@h/m", "must begin with one of"),
        (f"redis://u:{SECRET}/x@h", "is no redis:// address"),
        (f"redis://u:{SECRET}@h:port", "is no redis:// address"),
        (f"redis://u:{SECRET}@h?socket_timeout={SECRET}", "is no redis:// address"),
        (f"redis+sentinel://:{SECRET}@a:26379", "must name the group"),
        (f"redis+sentinel://:{SECRET}@a:26379/", "must name the group"),
        (f"redis+sentinel://:{SECRET}@a/m {SECRET}", "must name the group"),
        (f"redis+sentinel://:{SECRET}@/m", "must list Sentinels as host:port"),
        (f"redis+sentinel://:{SECRET}@a,,b/m", "must list Sentinels"),
        (f"redis+sentinel://:{SECRET}@a:0/m", "must list Sentinels"),
        (f"redis+sentinel://:{SECRET}@a:65536/m", "must list Sentinels"),
        (f"redis+sentinel://:{SECRET}@a:port/m", "must list Sentinels"),
        (f"redis+sentinel://:x@{SECRET}@a b/m", "must list Sentinels"),
        (f"redis+sentinel://:{SECRET}@[::1/m", "must list Sentinels"),
        (f"redis+sentinel://:{SECRET}@a/m/", "must end with a database's number"),
        (f"redis+sentinel://:{SECRET}@a/m/{SECRET}", "must end with a database's number"),
        (f"redis+sentinel://:{SECRET}@a/m/-1", "must end with a database's number"),
        (f"redis+sentinel://:{SECRET}@a/m/99999999999", "must end with a database's number"),
        (f"redis+sentinel://:{SECRET}@a/m?password={SECRET}", "takes no options but sentinel_password"),
        (f"redis+sentinel://:{SECRET}@a/m?{SECRET}", "has options that are not written as name=value"),
    ],
)
def test_what_leads_nowhere_is_refused_and_not_repeated(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}") as refused:
        parse(url)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_an_address_does_not_show_its_passwords() -> None:
    assert SECRET not in repr(parse(f"redis://:{SECRET}@h"))
    assert SECRET not in repr(parse(f"redis+sentinel://{SECRET}:{SECRET}@h/m?sentinel_password={SECRET}"))
