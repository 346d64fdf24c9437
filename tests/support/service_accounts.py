"""Key files of service accounts, as Google's console gives them, with keys of our own."""

import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from channels.fcm.service_account import GOOGLES_TOKEN_URL, ServiceAccount, service_account
from channels.http.addresses import AddressPolicy, split_origin


@cache
def private_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def pem_of(key: Any) -> str:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def wrong_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key with a modulus of `bits`, even, whose numbers do not belong together: only a check of them shows that."""
    p = q = (1 << bits // 2) - 1
    of_all = rsa.RSAPublicNumbers(65537, p * q)
    return rsa.RSAPrivateNumbers(p, q, 3, 5, 7, 9, of_all).private_key(unsafe_skip_rsa_key_validation=True)


def key_file(project: str = "warn-project-0", token_url: str = GOOGLES_TOKEN_URL, **other: Any) -> bytes:
    """A key file; members of `other` take the place of those it has, None leaves one out."""
    members = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": pem_of(private_key()),
        "client_email": f"sender@{project}.iam.gserviceaccount.com",
        "client_id": "100000000000000000000",
        "token_uri": token_url,
        **other,
    }
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


@cache
def account_of(project: str, token_url: str = GOOGLES_TOKEN_URL) -> ServiceAccount:
    """The account of a project whose tokens are asked for at `token_url`."""
    return service_account(
        key_file(project, token_url), AddressPolicy(frozenset({split_origin(token_url)[1]}))
    )
