"""A browser of the console without a screen: it keeps cookies, sends its origin, and brings the tokens of forms; and the
persons who sit at it.
"""

import html
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pyotp
from argon2 import PasswordHasher

from dispatcher.access.persons import Person
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.secret_tokens import new_token, token_digest
from dispatcher.store.persons.invitations import Invitations
from dispatcher.store.persons.persons import Persons

CONSOLE = "https://warnung.dueren.example"
PASSWORD = "Rurpegel steigt im November"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Hashes passwords at no cost worth mentioning."""


@dataclass
class Browser:
    """One browser at one environment of a service (`tests.api.conftest.Service`)."""

    service: Any
    environment: str = "live"
    origin: str = CONSOLE
    cookies: dict[str, str] = field(default_factory=dict)
    set: list[str] = field(default_factory=list)
    """What the last answer wanted to be kept, word by word."""
    token: str = ""

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask for a page by its path below the environment, or any other from `/`."""
        url = path if path.startswith(("/v1", "/console")) else f"/console/{self.environment}/{path}"
        named = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method != "GET":
            named["Origin"] = self.origin
        answer = await self._send(
            method, url, body, named | {k.replace("_", "-"): v for k, v in headers.items()}
        )
        self.set = answer.headers.getall("set-cookie", [])
        for line in self.set:
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel.value:
                    self.cookies[name] = morsel.value
        if found := re.search(rb'name="form-token" content="([^"]*)"', answer.body):
            self.token = found[1].decode()
        return answer

    async def _send(self, method: str, url: str, body: Any, headers: dict[str, str]) -> Any:
        from tests.api.conftest import Answer

        async with self.service.session.request(
            method, self.service.url + url, data=body, headers=headers, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str) -> Any:
        return await self.ask("GET", path)

    async def post(self, path: str, **fields: str) -> Any:
        """Post a form of the last page."""
        return await self.ask("POST", path, {"token": self.token, **fields})

    async def json(self, path: str, body: Any) -> Any:
        """Post what the script of the last page does."""
        return await self.ask(
            "POST", path, json.dumps(body), Content_Type="application/json", X_CSRF_Token=self.token
        )

    async def enrol(self, link: str) -> str:
        """Follow a link, choose a password, set up TOTP; returns its secret. The person is signed in then."""
        path = f"invitation/{link.rpartition('/')[2]}"
        await self.get(path)
        await self.post(path, password=PASSWORD)
        shown = text(await self.get("account/totp"))
        secret = re.search(r'id="secret">([A-Z2-7]+)<', shown)[1]
        done = await self.post("account/totp", secret=secret, code=pyotp.TOTP(secret).now())
        assert done.status == 303, text(done)
        return secret


async def invited(pool: Any, person: Person) -> str:
    """Add a person and invite it; returns the token of its link."""
    token = new_token()
    await Persons(pool).add(person, UNNAMED_OPERATOR)
    await Invitations(pool).invite(person.id, token_digest(token), timedelta(hours=1), UNNAMED_OPERATOR)
    return token


def text(answer: Any) -> str:
    """What a page says."""
    return html.unescape(answer.body.decode())
