import pytest

from ops.supply_chain.lock import LOCK, Pinned, read_lock

TEXT = """# made by a tool
Py_Vapid==1.9.6 \\
    --hash=sha256:00 \\
    --hash=sha256:01
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:02
numpy==2.5.5 ; python_full_version >= '3.12' --hash=sha256:03
"""


def test_every_version_for_every_system_is_read() -> None:
    assert read_lock(TEXT) == [
        Pinned("py-vapid", "1.9.6"),
        Pinned("numpy", "2.4.6"),
        Pinned("numpy", "2.5.5"),
    ]


@pytest.mark.parametrize("line", ["redis>=5", "redis", "redis>=5,<6", "redis @ https://x.example/r.whl"])
def test_what_is_not_pinned_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"pins no version|values to unpack"):
        read_lock(line)


def test_the_lock_of_the_service_is_read_to_its_end() -> None:
    text = LOCK.read_text("utf-8")
    assert len(read_lock(text)) == sum("==" in line for line in text.splitlines() if line[:1].isalpha()) > 100
