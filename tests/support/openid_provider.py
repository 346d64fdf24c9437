"""An OpenID provider of its own make: Authlib's server over TLS, which asks for PKCE and the client's secret, and signs
its tokens. Nobody types there: who signs in is said beforehand.
"""

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import flask
import trustme
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "warnung-live"
SECRET = "secret of the client: ü & %"
SUBJECT = "8c1f0c1e-0000-4000-8000-keller"


@dataclass
class OpenIdProvider:
    """One provider. `claims` are what it says besides of whoever signs in as `subject`."""

    issuer: str
    authority: Path
    back: str
    subject: str = SUBJECT
    claims: dict[str, Any] = field(default_factory=lambda: {"amr": ["pwd", "mfa"], "acr": "gold"})
    auth_age_s: int = 0
    keys: KeySet = field(default_factory=lambda: KeySet([RSAKey.generate_key(2048, auto_kid=True)]))
    asked: list[str] = field(default_factory=list)
    codes: dict[str, Any] = field(default_factory=dict)

    def sign_in(self, url: str) -> dict[str, str]:
        """Do what a browser does that is sent there, whose person signs in; returns what it brings back."""
        query = dict(parse_qsl(urlsplit(url).query))
        with self.app.test_client() as browser:
            answer = browser.get(url.removeprefix(self.issuer), base_url=self.issuer)
        assert answer.status_code == 302, answer.get_data(as_text=True)
        back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == query["redirect_uri"]
        return dict(parse_qsl(back.query))

    @property
    def origin(self) -> str:
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    def turn_key(self) -> None:
        """Sign with another key from now on."""
        self.keys = KeySet([RSAKey.generate_key(2048, auto_kid=True)])

    def __post_init__(self) -> None:
        self.app = _application(self)


class _Client(ClientMixin):  # type: ignore[misc] # Authlib has no types
    def __init__(self, client_id: str, back: str) -> None:
        self.client_id, self.back = client_id, back
        self.id_token_signed_response_alg = "RS256"

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.back

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.back

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method, endpoint) == ("client_secret_basic", "token")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class _Code(AuthorizationCodeMixin):  # type: ignore[misc] # Authlib has no types
    code: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    auth_time: int
    claims: dict[str, Any]
    subject: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> Any:
        return self.claims.get("acr")

    def get_amr(self) -> Any:
        return self.claims.get("amr")


def _grant(provider: OpenIdProvider) -> type[grants.AuthorizationCodeGrant]:
    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc] # Authlib has no types
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            data = request.payload.data
            provider.codes[code] = _Code(
                code,
                request.client.client_id,
                request.payload.redirect_uri,
                request.payload.scope,
                data["nonce"],
                data["code_challenge"],
                data["code_challenge_method"],
                int(time.time()) - provider.auth_age_s,
                dict(provider.claims),
                provider.subject,
            )

        def query_authorization_code(self, code: str, client: Any) -> Any:
            found = provider.codes.get(code)
            return found if found and found.client_id == client.client_id else None

        def delete_authorization_code(self, authorization_code: Any) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Any) -> Any:
            return SimpleNamespace(sub=authorization_code.subject)

    return CodeGrant


def _id_token(provider: OpenIdProvider) -> OpenIDCode:
    class IdToken(OpenIDCode):  # type: ignore[misc] # Authlib has no types
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return any(one.nonce == nonce for one in provider.codes.values())

        def resolve_client_private_key(self, client: Any) -> Any:
            return provider.keys

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            return {"iss": provider.issuer, "exp": int(time.time()) + 60}

        def generate_user_info(self, user: Any, scope: str) -> dict[str, Any]:
            return {"sub": user.sub}

    return IdToken(require_nonce=True)


def _application(provider: OpenIdProvider) -> flask.Flask:
    app = flask.Flask("provider")
    clients = {name: _Client(name, provider.back) for name in (CLIENT_ID, "another")}
    server = AuthorizationServer(app, query_client=clients.get, save_token=lambda token, request: None)
    server.register_grant(_grant(provider), [_id_token(provider), CodeChallenge(required=True)])

    @app.before_request
    def note() -> None:
        provider.asked.append(flask.request.path)

    @app.get("/.well-known/openid-configuration")
    def metadata() -> dict[str, Any]:
        return {
            "issuer": provider.issuer,
            "authorization_endpoint": f"{provider.issuer}/authorize?tenant=1",
            "token_endpoint": f"{provider.issuer}/token",
            "jwks_uri": f"{provider.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    @app.get("/keys")
    def keys() -> Any:
        return provider.keys.as_dict(private=False)

    @app.get("/authorize")
    def authorize() -> Any:
        person = SimpleNamespace(sub=provider.subject)
        return server.create_authorization_response(
            grant_user=person, grant=server.get_consent_grant(end_user=person)
        )

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    return app


@contextlib.contextmanager
def openid_provider(home: Path, back: str) -> Iterator[OpenIdProvider]:
    """One that listens on this machine, and sends browsers back there."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    pem = home / "provider-authority.pem"
    authority.cert_pem.write_to_path(str(pem))
    provider = OpenIdProvider("", pem, back)
    server = make_server("localhost", 0, provider.app, threaded=True, ssl_context=tls)
    provider.issuer = f"https://localhost:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield provider
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
