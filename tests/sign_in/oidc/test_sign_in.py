"""Signing in by a real provider, on a real record."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.permissions import Permission
from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.model.vocabulary import Environment
from dispatcher.sign_in.allowances import OF_LINE
from dispatcher.sign_in.oidc.authorization import OidcReturn
from dispatcher.sign_in.oidc.provider import ProviderBusy
from dispatcher.sign_in.oidc.sign_in import NobodysIdentity, ProviderSignIn
from dispatcher.sign_in.sign_in import SignInRefusal, SignInRefused, Visitor
from dispatcher.store.persons.identities import IdentityKey, Linking
from dispatcher.store.persons.sessions import Method
from tests.sign_in.oidc.conftest import ByProvider, client_of, ours
from tests.support.console import invited
from tests.support.openid_provider import CLIENT_ID, SUBJECT


async def known(by: ByProvider, person_id: str = "m.keller", subject: str = SUBJECT) -> IdentityKey:
    """A person whom the admin has linked."""
    author = Person(person_id, Environment.LIVE, (RoleGrant(Role.AUTHOR),), "leitstelle")
    await by.door.sign_in.stores.persons.add(author, UNNAMED_OPERATOR)
    key = IdentityKey(Environment.LIVE, by.theirs.issuer, subject)
    assert await by.sign_in.identities.link(person_id, key, UNNAMED_OPERATOR) is Linking.DONE
    return key


async def refused(attempt: Any) -> SignInRefusal:
    with pytest.raises(SignInRefused) as raised:
        await attempt
    return raised.value.refusal


async def trail(by: ByProvider, action: str = "person.refused") -> list[Any]:
    rows = await by.door.pool.fetch("SELECT actor, detail FROM audit WHERE action = $1 ORDER BY id", action)
    return [(row["actor"], row["detail"].get("because")) for row in rows]


async def test_who_is_linked_is_let_in(by_provider: ByProvider) -> None:
    await known(by_provider)
    visitor = by_provider.door.visitor()
    back = await by_provider.come_back(visitor, wanted="/console/live/account/recovery")
    entered = await by_provider.sign_in.finish(visitor, back)
    principal, session = await by_provider.door.held(entered.opened)
    assert (principal.actor, session.method) == ("person:m.keller", Method.OIDC)
    assert principal.may(Permission.SUBMIT_ALERTS)
    assert (entered.wanted, by_provider.door.count("oidc", "opened")) == ("/console/live/account/recovery", 1)
    assert await by_provider.sign_in.identities.used_at("m.keller") != [None]


async def test_what_came_back_is_good_once_and_in_its_browser_only(by_provider: ByProvider) -> None:
    await known(by_provider)
    mine, other = by_provider.door.visitor(), by_provider.door.visitor()
    back = await by_provider.come_back(mine)
    await by_provider.come_back(other)
    assert await refused(by_provider.sign_in.finish(other, back)) is SignInRefusal.OVER, "of another browser"
    nobody = by_provider.door.visitor()
    assert await refused(by_provider.sign_in.finish(nobody, back)) is SignInRefusal.OVER, "asked for nothing"
    moved = Visitor(Environment.EXERCISE, mine.token, mine.line)
    assert await refused(by_provider.sign_in.finish(moved, back)) is SignInRefusal.OVER, (
        "of the other console"
    )
    await by_provider.sign_in.finish(mine, back)
    assert await refused(by_provider.sign_in.finish(mine, back)) is SignInRefusal.OVER, "a replay"


async def test_an_answer_to_nothing_does_not_end_what_is_under_way(by_provider: ByProvider) -> None:
    await known(by_provider)
    visitor = by_provider.door.visitor()
    back = await by_provider.come_back(visitor)
    lured = OidcReturn("x" * 43, "code", "", "")
    assert await refused(by_provider.sign_in.finish(visitor, lured)) is SignInRefusal.OVER
    assert (await by_provider.sign_in.finish(visitor, back)).opened


async def test_a_code_of_another_sign_in_is_nothing_here(by_provider: ByProvider) -> None:
    await known(by_provider)
    mine, stranger = by_provider.door.visitor(), by_provider.door.visitor()
    theirs, own = await by_provider.come_back(stranger), await by_provider.come_back(mine)
    mixed = OidcReturn(own.state, theirs.code, "", "")
    assert await refused(by_provider.sign_in.finish(mine, mixed)) is SignInRefusal.OVER, "PKCE"


async def test_nobody_is_made_by_a_token(by_provider: ByProvider) -> None:
    by_provider.theirs.claims["email"] = "m.keller@kreis.example"
    with pytest.raises(NobodysIdentity) as raised:
        await by_provider.enter(by_provider.door.visitor())
    assert (raised.value.refusal, raised.value.subject) == (SignInRefusal.NOBODY, SUBJECT)
    assert SUBJECT not in str(raised.value)
    assert await by_provider.door.pool.fetchval("SELECT count(*) FROM person") == 0
    assert await trail(by_provider) == [("service", "nobody")]
    assert by_provider.door.count("oidc", "nobody") == 1


async def test_a_disabled_person_is_nobody(by_provider: ByProvider) -> None:
    await known(by_provider)
    await by_provider.door.sign_in.stores.persons.disable("m.keller", UNNAMED_OPERATOR)
    assert await refused(by_provider.enter(by_provider.door.visitor())) is SignInRefusal.NOBODY
    assert await trail(by_provider) == [("person:m.keller", "nobody")]


@pytest.mark.parametrize("claims", [{}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": "mfa"}])
async def test_a_password_at_the_provider_alone_opens_nothing(by_provider: ByProvider, claims: Any) -> None:
    await known(by_provider)
    by_provider.theirs.claims = claims
    assert await refused(by_provider.enter(by_provider.door.visitor())) is SignInRefusal.NO_SECOND_FACTOR
    assert await trail(by_provider) == [("person:m.keller", "no_second_factor")]


async def test_who_signed_in_there_before_is_not_who_sits_there_now(by_provider: ByProvider) -> None:
    await known(by_provider)
    by_provider.theirs.auth_age_s = 3_600
    assert await refused(by_provider.enter(by_provider.door.visitor())) is SignInRefusal.UNTRUSTED
    assert await trail(by_provider) == [("service", "not_fresh")]


async def test_a_link_is_by_invitation_which_is_used_up(by_provider: ByProvider) -> None:
    person = Person("m.keller", Environment.LIVE, (RoleGrant(Role.AUTHOR),), "leitstelle")
    token = await invited(by_provider.door.pool, person)
    by_provider.theirs.claims = {"amr": ["pwd"]}
    visitor = by_provider.door.visitor()
    assert await refused(by_provider.enter(visitor, token)) is SignInRefusal.NO_SECOND_FACTOR
    by_provider.theirs.claims = {"amr": ["mfa"]}
    entered = await by_provider.enter(visitor, token)
    principal, _ = await by_provider.door.held(entered.opened)
    assert principal.may(Permission.SUBMIT_ALERTS), "nothing is left to enrol"
    assert await trail(by_provider, "person.link") == [("person:m.keller", None)]
    assert await refused(by_provider.sign_in.begin(visitor, "", token)) is SignInRefusal.OVER
    assert (await by_provider.enter(by_provider.door.visitor())).opened


async def test_an_invitation_that_was_replaced_links_nobody(by_provider: ByProvider) -> None:
    person = Person("m.keller", Environment.LIVE, (), None)
    token = await invited(by_provider.door.pool, person)
    visitor = by_provider.door.visitor()
    back = await by_provider.come_back(visitor, token)
    await invited(by_provider.door.pool, person)
    assert await refused(by_provider.sign_in.finish(visitor, back)) is SignInRefusal.OVER
    exercise = by_provider.door.visitor(environment=Environment.EXERCISE)
    assert await refused(by_provider.sign_in.begin(exercise, "", token)) is SignInRefusal.OVER


async def test_one_identity_is_one_person(by_provider: ByProvider) -> None:
    await known(by_provider)
    token = await invited(by_provider.door.pool, Person("a.other", Environment.LIVE, (), None))
    visitor = by_provider.door.visitor()
    assert await refused(by_provider.enter(visitor, token)) is SignInRefusal.TAKEN
    assert await by_provider.door.accounts.invited(token), "the link is good still"


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        ("access_denied", SignInRefusal.DECLINED),
        ("temporarily_unavailable", SignInRefusal.AWAY),
        ("invalid_request", SignInRefusal.UNTRUSTED),
    ],
)
async def test_what_the_provider_says_in_place_of_a_code(
    by_provider: ByProvider, error: str, refusal: SignInRefusal
) -> None:
    visitor = by_provider.door.visitor()
    back = await by_provider.come_back(visitor)
    assert (
        await refused(by_provider.sign_in.finish(visitor, OidcReturn(back.state, "", "", error))) is refusal
    )


async def test_a_stranger_fails_so_often_and_keeps_nobody_out(by_provider: ByProvider) -> None:
    await known(by_provider)
    device = (await by_provider.enter(by_provider.door.visitor())).opened.device
    statements = "INSERT INTO sign_in_failure (key) SELECT $1 FROM generate_series(1, $2)"
    stranger = by_provider.door.visitor("203.0.113.9")
    await _fail(by_provider, stranger)
    key = await by_provider.door.pool.fetchval("SELECT key FROM sign_in_failure")
    await by_provider.door.pool.execute(statements, key, OF_LINE)
    assert await refused(by_provider.enter(stranger)) is SignInRefusal.THROTTLED
    assert (await by_provider.enter(by_provider.door.visitor("203.0.113.9", device=device))).opened
    assert (await by_provider.enter(by_provider.door.visitor("198.51.100.7"))).opened


async def _fail(by: ByProvider, visitor: Visitor) -> None:
    state = (await by.come_back(visitor)).state
    assert await refused(by.sign_in.finish(visitor, OidcReturn(state, "guess", "", ""))) is SignInRefusal.OVER


async def test_a_provider_that_is_away_or_busy_counts_against_nobody(
    by_provider: ByProvider, http: Any
) -> None:
    visitor = by_provider.door.visitor()
    back = await by_provider.come_back(visitor)
    provider = by_provider.sign_in.providers[Environment.LIVE]
    provider._metadata = None
    provider._policy = type(provider._policy)()  # nothing is exempt any more: nobody is asked
    assert await refused(by_provider.sign_in.finish(visitor, back)) is SignInRefusal.AWAY
    assert await refused(by_provider.sign_in.begin(visitor, "")) is SignInRefusal.AWAY
    provider._waiting = 1_000
    with pytest.raises(ProviderBusy):
        await provider.request_url(object())
    assert await refused(by_provider.sign_in.begin(visitor, "")) is SignInRefusal.BUSY
    assert await by_provider.door.pool.fetchval("SELECT count(*) FROM sign_in_failure") == 0


async def test_the_exercise_has_another_client_whose_tokens_are_none_here(
    by_provider: ByProvider, http: Any
) -> None:
    await known(by_provider)
    exercise = Environment.EXERCISE
    visitor = by_provider.door.visitor(environment=exercise)
    assert await refused(by_provider.sign_in.begin(visitor, "")) is SignInRefusal.OVER, "it has no provider"
    assert not by_provider.sign_in.offers(exercise)
    providers = {exercise: ours(by_provider.theirs, http, client_id="another")}
    both = ProviderSignIn(
        by_provider.door.pool, by_provider.door.sign_in, by_provider.sign_in.identities, providers, ""
    )
    back = OidcReturn.of(by_provider.theirs.sign_in(await both.begin(visitor, "")))
    assert await refused(both.finish(visitor, back)) is SignInRefusal.NOBODY, "linked at live only"
    assert client_of(by_provider.theirs).client_id == CLIENT_ID


async def test_unlinking_and_recovering_end_what_the_provider_opened(by_provider: ByProvider) -> None:
    key = await known(by_provider)
    opened = (await by_provider.enter(by_provider.door.visitor())).opened
    assert await by_provider.sign_in.identities.unlink("m.keller", UNNAMED_OPERATOR) == 1
    assert await by_provider.door.sign_in.principal(opened.token, Environment.LIVE) is None
    assert await refused(by_provider.enter(by_provider.door.visitor())) is SignInRefusal.NOBODY
    await by_provider.sign_in.identities.link("m.keller", key, UNNAMED_OPERATOR)
    invitations = by_provider.door.sign_in.stores.invitations

    await invitations.recover("m.keller", b"digest", timedelta(hours=1), UNNAMED_OPERATOR)
    assert await refused(by_provider.enter(by_provider.door.visitor())) is SignInRefusal.NOBODY
