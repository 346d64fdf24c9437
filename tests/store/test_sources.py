"""Who may submit, who may pull."""

import asyncio
from typing import Any

import asyncpg
import pytest

from dispatcher.access.keys import KeyKind, KeyName
from dispatcher.access.principals import of_operator
from dispatcher.model.principals import CredentialState, Instance, RemoteOperator, Source
from dispatcher.store.keys import Keys
from dispatcher.store.sources import Sources
from tests.store.conftest import PEPPER
from tests.support.messages import DUEREN, JUELICH, SENDER

SECRET = "s" * 43
KEY = f"wk_leitstelle-1_{SECRET}"
INSTANCE_KEY = f"wi_dueren_{SECRET}"
ANNA = of_operator("anna").actor


async def party(sources: Sources, key: str) -> Source | Instance | RemoteOperator | None:
    """Whom a key authenticates now."""
    found = await sources.recognise(key)
    return found.party if found.state is CredentialState.VALID else None


async def state(sources: Sources, key: str) -> CredentialState:
    return (await sources.recognise(key)).state


@pytest.fixture
async def keyed(sources: Sources) -> Any:
    await sources.add_key("leitstelle", KEY)
    return sources


async def test_a_key_speaks_for_its_source(keyed: Any) -> None:
    expected = Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",))
    assert await party(keyed, KEY) == expected


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
    assert await party(keyed, key) is None


async def test_a_key_hashed_with_another_pepper_is_worthless(keyed: Any, pool: Any) -> None:
    assert await party(Sources(pool, b"another pepper"), KEY) is None


async def test_a_revoked_key_is_worthless_at_once_and_only_once_revoked(keyed: Any, pool: Any) -> None:
    other, keys = f"wk_leitstelle-2_{SECRET}", Keys(pool)
    await keyed.add_key("leitstelle", other)
    assert await keys.revoke(KeyName(KeyKind.SOURCE, "leitstelle-1")) is True
    assert await state(keyed, KEY) is CredentialState.REVOKED
    assert await party(keyed, other) is not None, "several keys, for rotation"
    assert await keys.revoke(KeyName(KeyKind.SOURCE, "leitstelle-1")) is False
    assert await keys.revoke(KeyName(KeyKind.SOURCE, "never-seen")) is False


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE api_key SET expires_at = now() - interval '1 s'", CredentialState.EXPIRED),
        ("UPDATE api_key SET expires_at = now() + interval '1 h'", CredentialState.VALID),
        ("UPDATE source SET disabled_at = now()", CredentialState.DISABLED),
        ("UPDATE api_key SET revoked_at = now(), expires_at = now()", CredentialState.REVOKED),
    ],
)
async def test_the_record_says_why_a_key_is_good_no_longer(
    keyed: Any, pool: Any, change: str, expected: CredentialState
) -> None:
    await pool.execute(change)
    found = await keyed.recognise(KEY)
    assert (found.state, found.party.id, str(found.name)) == (expected, "leitstelle", "wk_leitstelle-1")


@pytest.mark.parametrize("key", [f"wk_leitstelle-1_{'t' * 43}", f"wk_unknown_{SECRET}", "nonsense"])
async def test_a_guess_learns_nothing_whatever_is_true_of_the_key(keyed: Any, pool: Any, key: str) -> None:
    await pool.execute("UPDATE api_key SET revoked_at = now()")
    found = await keyed.recognise(key)
    assert (found.state, found.party, found.name) == (CredentialState.UNKNOWN, None, None)


async def test_a_source_put_again_is_changed_and_keeps_its_keys(keyed: Any) -> None:
    changed = Source("leitstelle", "Neu", frozenset({"b@example.org", "a@example.org"}), ("05358", "05334"))
    await keyed.put(changed)
    assert await party(keyed, KEY) == changed
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


async def test_an_instance_has_several_keys_of_their_own(sources: Sources) -> None:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), INSTANCE_KEY)
    assert await party(sources, INSTANCE_KEY) == Instance("dueren", "Düren", (DUEREN,))
    more = f"wi_dueren-0a1b2c3d_{SECRET}"
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN, JUELICH)), more)
    for key in (INSTANCE_KEY, more):
        assert await party(sources, key) == Instance("dueren", "Düren", (DUEREN, JUELICH))


@pytest.mark.parametrize("key", ["", KEY, f"wi_unknown_{SECRET}", f"wi_dueren_{'t' * 43}"])
async def test_no_other_key_is_an_instances(sources: Sources, key: Any) -> None:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), INSTANCE_KEY)
    assert await party(sources, key) is None


async def test_an_instance_and_a_source_may_have_keys_of_one_id(keyed: Any) -> None:
    key = f"wi_leitstelle-1_{SECRET}"
    await keyed.put_instance(Instance("leitstelle-1", "", (DUEREN,)), key)
    assert isinstance(await party(keyed, KEY), Source)
    assert isinstance(await party(keyed, key), Instance)


async def test_a_key_is_recognised_while_its_use_cannot_be_written(keyed: Any, pool: Any) -> None:
    """Another transaction holds the key's row: the request does not wait for it."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetchrow("SELECT 1 FROM api_key FOR UPDATE")
        async with asyncio.timeout(5):
            assert await party(keyed, KEY) is not None
    await keyed.uses.written()
    assert PEPPER


async def test_who_may_submit_has_a_valid_key_and_is_not_disabled(keyed: Sources, pool: Any) -> None:
    for name in ("land", "aus", "ohne"):
        await keyed.put(Source(name, name, frozenset(), ()))
    for name in ("land", "aus"):
        await keyed.add_key(name, f"wk_{name}_{SECRET}")
    await pool.execute("UPDATE source SET disabled_at = now() WHERE id = 'aus'")
    assert await keyed.submitting() == {"land": (), "leitstelle": ("05358",)}
    await Keys(pool).revoke(KeyName(KeyKind.SOURCE, "leitstelle-1"))
    assert await keyed.submitting() == {"land": ()}


# live and exercise

EXERCISE_KEY = f"wx_leitstelle-1_{SECRET}"


async def test_a_key_says_of_which_environment_it_is(keyed: Any) -> None:
    """Two keys of one id differ by nothing else, and are two."""
    assert await state(keyed, EXERCISE_KEY) is CredentialState.UNKNOWN
    await keyed.add_key("leitstelle", EXERCISE_KEY)
    for key, kind in ((KEY, KeyKind.SOURCE), (EXERCISE_KEY, KeyKind.EXERCISE)):
        found = await keyed.recognise(key)
        assert (found.state, found.name) == (CredentialState.VALID, KeyName(kind, "leitstelle-1"))
        assert isinstance(found.party, Source)


async def test_no_change_of_the_record_makes_a_key_one_of_the_other_environment(
    keyed: Any, pool: Any
) -> None:
    await pool.execute("UPDATE api_key SET environment = 'exercise'")
    for key in (KEY, EXERCISE_KEY):
        assert await state(keyed, key) is CredentialState.UNKNOWN
    await pool.execute("UPDATE api_key SET environment = 'live'")
    assert await state(keyed, KEY) is CredentialState.VALID


async def test_only_a_source_has_keys_for_exercises(sources: Sources, pool: Any) -> None:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), INSTANCE_KEY)
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("UPDATE api_key SET environment = 'exercise' WHERE instance_id = 'dueren'")
    with pytest.raises(ValueError, match="not a key"):
        await sources.add_key("feed-mowas", f"wx_mowas_{SECRET}")


async def test_who_can_only_exercise_warns_nobody(sources: Sources, pool: Any) -> None:
    """So nobody is told that warnings come from there."""
    await sources.add_key("leitstelle", EXERCISE_KEY)
    assert "leitstelle" not in await sources.submitting()
    await sources.add_key("leitstelle", KEY)
    assert "leitstelle" in await sources.submitting()
