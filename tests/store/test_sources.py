"""Who may submit, who may pull."""

from typing import Any

import asyncpg
import pytest

from dispatcher.model.principals import Instance, Source
from dispatcher.store.sources import Sources
from tests.support.messages import DUEREN, JUELICH, SENDER

SECRET = "s" * 43
KEY = f"wk_leitstelle-1_{SECRET}"
INSTANCE_KEY = f"wi_dueren_{SECRET}"


@pytest.fixture
async def keyed(sources: Sources) -> Any:
    await sources.add_key("leitstelle", KEY)
    return sources


async def test_a_key_speaks_for_its_source(keyed: Any) -> None:
    expected = Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",))
    assert await keyed.by_key(KEY) == expected


@pytest.mark.parametrize(
    "key",
    [
        "",
        "nonsense",
        f"wk_leitstelle-1_{'t' * 43}",
        f"wk_unknown_{SECRET}",
        f"wi_leitstelle-1_{SECRET}",
        KEY + "x",
        KEY[:-1],
        KEY.upper(),
        f"{KEY}\n",
    ],
)
async def test_any_other_key_speaks_for_nobody(keyed: Any, key: Any) -> None:
    assert await keyed.by_key(key) is None


async def test_a_key_hashed_with_another_pepper_is_worthless(keyed: Any, pool: Any) -> None:
    assert await Sources(pool, b"another pepper").by_key(KEY) is None


async def test_a_revoked_key_is_worthless_at_once_and_only_once_revoked(keyed: Any) -> None:
    other = f"wk_leitstelle-2_{SECRET}"
    await keyed.add_key("leitstelle", other)
    assert await keyed.revoke_key("leitstelle-1") is True
    assert await keyed.by_key(KEY) is None
    assert await keyed.by_key(other) is not None, "several keys, for rotation"
    assert await keyed.revoke_key("leitstelle-1") is False
    assert await keyed.revoke_key("never-seen") is False


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_key SET expires_at = now() - interval '1 s'",
        "UPDATE source SET disabled_at = now()",
    ],
)
async def test_an_expired_key_or_a_disabled_source_is_refused(keyed: Any, pool: Any, change: str) -> None:
    await pool.execute(change)
    assert await keyed.by_key(KEY) is None


async def test_a_source_put_again_is_changed_and_keeps_its_keys(keyed: Any) -> None:
    changed = Source("leitstelle", "Neu", frozenset({"b@example.org", "a@example.org"}), ("05358", "05334"))
    await keyed.put(changed)
    assert await keyed.by_key(KEY) == changed
    assert await keyed.names() == ["leitstelle"]


async def test_a_key_needs_its_form_and_a_source(sources: Sources) -> None:
    for bad in ("wk_x", INSTANCE_KEY):
        with pytest.raises(ValueError, match="not a key"):
            await sources.add_key("leitstelle", bad)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await sources.add_key("unknown", KEY)


async def test_no_key_is_ever_stored_or_audited(keyed: Any, pool: Any) -> None:
    await keyed.put_instance(Instance("dueren", "Düren", (DUEREN,)), INSTANCE_KEY)
    for table in ("api_key", "instance", "audit"):
        assert SECRET not in str(await pool.fetch(f"SELECT * FROM {table}"))


async def test_an_instance_is_known_by_its_key_and_a_new_key_replaces_the_old_one(sources: Sources) -> None:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), INSTANCE_KEY)
    assert await sources.instance_by_key(INSTANCE_KEY) == Instance("dueren", "Düren", (DUEREN,))
    new_key = f"wi_dueren_{'n' * 43}"
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN, JUELICH)), new_key)
    assert await sources.instance_by_key(INSTANCE_KEY) is None
    assert await sources.instance_by_key(new_key) == Instance("dueren", "Düren", (DUEREN, JUELICH))


@pytest.mark.parametrize("key", ["", KEY, f"wi_unknown_{SECRET}", f"wi_dueren_{'t' * 43}"])
async def test_no_other_key_is_an_instances(sources: Sources, key: Any) -> None:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), INSTANCE_KEY)
    assert await sources.instance_by_key(key) is None
