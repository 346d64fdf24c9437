"""The routes of what the service signs: each message anew, and the certificates by which others verify it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import APIRouter, Request, Response

from cap.errors import SignatureError
from dispatcher.access.sealing import Unsealable
from dispatcher.api.alerts import CAP_SCHEMA, AlertId
from dispatcher.api.body import CAP_MEDIA_TYPE
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.public.answers import OF_ONE, of_constant, of_type
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.publication.forms.own import SIGNED_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.api.public.answering import PublicDocuments
    from dispatcher.publication.in_force import PublicWarning
    from dispatcher.signing.message_signer import MessageSigner

CERTIFICATES_TYPE: Final = "application/pem-certificate-chain"
"""RFC 8555 section 9.1. They are no chain here: each stands for itself."""
CERTIFICATES_CACHE: Final = b"public, max-age=300"
"""Not for a day where the service is away: one that is revoked must not be believed for so long."""
_SIGNED: Final = of_type("The message, signed by the service.", CAP_MEDIA_TYPE, CAP_SCHEMA, *OF_ONE)
_CERTIFICATES: Final = of_constant(
    "X.509 certificates, PEM, one after another.", CERTIFICATES_TYPE, "The certificates."
) | refusals(ProblemType.RECORD_UNAVAILABLE)

log = structlog.get_logger()


def routes(documents: PublicDocuments, signer: MessageSigner) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["public"])

    async def sign(warning: PublicWarning) -> bytes:
        try:
            message = await asyncio.to_thread(warning.kept.parsed)
            return await signer.signed(warning.stored.id, message)
        except SignatureError as error:
            log.warning("message_not_signed", alert=warning.stored.id, error=type(error).__name__)
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NOT_SIGNED)) from None

    @router.get(
        "/v1/public/alerts/{alert_id}/cap/signed",
        response_class=Response,
        responses=_SIGNED,
        operation_id="getPublicAlertCapSigned",
    )
    async def signed(request: Request, alert_id: AlertId) -> Response:
        """Return the CAP message as the service signs it: CAP 1.2 with one enveloped signature (RSA with SHA-256 over
        exclusive C14N) that says what came in, whoever signed that or did not; for an hour after its end as well.
        """
        with _readable():
            return await documents.of_signed(alert_id, SIGNED_PATH.format(alert_id), sign, request)

    @router.get(
        "/v1/public/signing-certificates",
        response_class=Response,
        responses=_CERTIFICATES,
        operation_id="getSigningCertificates",
    )
    async def certificates() -> Response:
        """Give the certificates of the keys by which the service signs: of the one that signs now or will, and of
        those before. The last to sign comes first.
        """
        with _readable():
            return documents.of_body(await signer.certificates(), CERTIFICATES_TYPE, CERTIFICATES_CACHE)

    return router


@contextmanager
def _readable() -> Iterator[None]:
    """Raise as `RequestRefused` that the key cannot be opened: this machine's ring lacks what it was sealed with."""
    try:
        yield
    except Unsealable as error:
        log.warning("signing_key_illegible", reason=str(error))
        raise RequestRefused(
            ProblemType.RECORD_UNAVAILABLE, said(Phrase.RECORD_UNAVAILABLE_TO_READ)
        ) from None
