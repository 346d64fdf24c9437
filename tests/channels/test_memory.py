"""Whether memory is to be had, asked of the kernel itself."""

import subprocess
from collections.abc import Callable

from channels.memory import granted


def test_a_little_is_granted_and_more_than_there_is_is_not() -> None:
    assert granted(1 << 12)
    assert not granted(1 << 62)


def test_a_process_at_its_limit_is_granted_nothing(python: Callable[[str], subprocess.Popen[str]]) -> None:
    process = python(
        """
        import resource
        from channels.memory import granted

        size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        print(granted(1 << 20))
        """
    )
    out, _ = process.communicate(timeout=20)
    assert out == "False\n"
