"""The desk of the second control centre: two persons with roles, who enrol by a link and sign in at the console."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

import pyotp

from ops.lab.town.persons import CONSOLE_URL
from ops.lab.world.district import SOURCE as CONTROL_CENTRE
from ops.lab.world.district import TERRITORY
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from ops.lab.world.district import District
    from ops.lab.world.service import ApiResponse, Service

SOURCE: Final = "gefahrenabwehr"
SENDER: Final = "gefahrenabwehr@kreis-dueren.example"
AUTHOR, APPROVER = "m.keller", "b.lang"
"""Both may approve; the author's own warning is another's to approve all the same."""
FORM: Final = "application/x-www-form-urlencoded"
_FORM_TOKEN: Final = re.compile(r'name="form-token" content="([^"]*)"')
_SECRET: Final = re.compile(r'id="secret">([A-Z2-7]+)<')


class SignedInPerson:
    """Somebody at the console of one environment, with what the browser keeps."""

    def __init__(self, service: Service, link: str) -> None:
        """Enrol by a link: choose a password, and show a code of a new secret. Raises ServiceError, or as
        `Service.request` does.
        """
        self._service = service
        self._cookies: dict[str, str] = {}
        self._token = ""
        invitation = urlsplit(link).path
        console, _, _ = invitation.partition("/invitation/")
        self._page(invitation)
        self._post(invitation, password=secrets.token_urlsafe(24))
        secret = self._found(_SECRET, self._page(f"{console}/account/totp"))
        self._post(f"{console}/account/totp", secret=secret, code=pyotp.TOTP(secret).now())
        self._page(f"{console}/")

    def request(
        self, method: str, path: str, body: bytes = b"", content_type: str = "application/json"
    ) -> ApiResponse:
        """Make one request to the API, as a page of the console does. Raises as `Service.request`."""
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "Origin": self._service.environment[CONSOLE_URL],
            "X-CSRF-Token": self._token,
            "Content-Type": content_type,
        }
        answer = self._service.visit(method, path, body or None, headers)
        for line in answer.cookies:
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        return answer

    def get(self, path: str) -> ApiResponse:
        """Read from the API. Raises ServiceError where that is refused."""
        return self._accepted(self.request("GET", path), path)

    def _page(self, path: str) -> str:
        page = self.get(path).body.decode()
        self._token = self._found(_FORM_TOKEN, page)
        return page

    def _post(self, path: str, **fields: str) -> None:
        body = urlencode({"token": self._token, **fields}).encode()
        answer = self.request("POST", path, body, FORM)
        if answer.status != HTTPStatus.SEE_OTHER:
            raise ServiceError(f"POST {path}: {answer.status}")

    @staticmethod
    def _accepted(answer: ApiResponse, path: str) -> ApiResponse:
        if not answer.accepted:
            raise ServiceError(f"GET {path}: {answer.status} {answer.body[:500]!r}")
        return answer

    @staticmethod
    def _found(pattern: re.Pattern[str], page: str) -> str:
        found = pattern.search(page)
        if found is None:
            raise ServiceError(f"a page of the console lacks {pattern.pattern}")
        return found[1]


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is at the desk, and the first control centre's key for exercises."""

    author: SignedInPerson
    approver: SignedInPerson
    exercise_key: str


def staff(district: District) -> Staff:
    """Make a second control centre, of which every warning needs a second person, and have two persons enrol. Raises
    ServiceError.
    """
    service = district.service
    *_, author, approver, exercise_key = service.commands(
        ["source", "add", SOURCE, "--sender", SENDER, "--territory", TERRITORY],
        ["approval", "policy", "set", "--source", SOURCE, "--severity", "Unknown"],
        ["person", "add", AUTHOR, "--environment", "live", "--source", SOURCE],
        ["person", "grant", AUTHOR, "author", "--territory", TERRITORY],
        ["person", "grant", AUTHOR, "approver", "--territory", TERRITORY],
        ["person", "add", APPROVER, "--environment", "live"],
        ["person", "grant", APPROVER, "approver", "--territory", TERRITORY],
        *(["person", "invite", name] for name in (AUTHOR, APPROVER)),
        ["keys", "add", "--source", CONTROL_CENTRE, "--exercise"],
    )
    return Staff(
        SignedInPerson(service, author.strip()),
        SignedInPerson(service, approver.strip()),
        exercise_key.strip(),
    )
