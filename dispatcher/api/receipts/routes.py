"""Lets devices, and apps' backends for many of them, post receipts."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.receipts.posting import HEADERS, LIST_BYTES, PATH, ReceiptPosts
from dispatcher.model.problems import ProblemType

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

Backend = Annotated[Principal, Depends(require(Permission.POST_RECEIPTS))]
REFUSED: Final = (
    ProblemType.TOO_LARGE,
    ProblemType.INCOMPLETE,
    ProblemType.INVALID_REQUEST,
    ProblemType.OVERLOADED,
)
PREFLIGHT: Final = HEADERS | {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Max-Age": "86400",
}
ANSWERED: Final[dict[int | str, dict[str, Any]]] = {
    204: {"description": "It was read. Nothing else is ever said: not whether it was new, or of ours."}
}


def _body(schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"requestBody": {"required": True, "content": content}}


class SingleRoute(APIRoute):
    """A route that FastAPI describes and `posts` answers."""

    posts: ReceiptPosts

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in (self.methods or ()):
            await self.posts(scope, receive, send)
        else:
            await super().handle(scope, receive, send)


def install(app: FastAPI, posts: ReceiptPosts) -> None:
    """Add the routes."""

    async def post_receipt() -> None:
        """Post what a device says of a message: that it has it, has shown it, or that the person has confirmed it. The
        token in the message is the proof, and any media type is taken, so that a browser need not ask first. It is
        written within a second, twice is as once, and no warning depends on it.
        """

    single = SingleRoute(
        PATH,
        post_receipt,
        methods=["POST"],
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        responses=ANSWERED | refusals(*REFUSED),
        tags=["instances"],
        openapi_extra=_body("DeviceReceipt"),
        operation_id="postReceipt",
    )
    single.posts = posts
    app.router.routes.append(single)
    app.router.routes.extend(_others(posts).routes)


def _others(posts: ReceiptPosts) -> APIRouter:
    router = APIRouter(tags=["instances"])

    @router.options(
        PATH,
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        operation_id="mayPostReceipt",
    )
    async def preflight() -> Response:
        """Say that pages of any origin may post receipts."""
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)

    @router.post(
        "/v1/instance/receipts",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        responses=ANSWERED | refusals(*REFUSED),
        openapi_extra=_body("DeviceReceiptList"),
        operation_id="postReceipts",
    )
    async def post_receipts(backend: Backend, request: Request) -> Response:
        """Post what up to 1,000 devices say of their messages, as the backend of their app. Each is as if its device
        had posted it.
        """
        await posts.take_list(await read_body(request, LIST_BYTES, backend.actor))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router
