"""Answer the page on which one person takes over from another: what is open, and who has taken over before."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from dispatcher.access.permissions import Permission
from dispatcher.access.secret_tokens import is_token, new_token
from dispatcher.api.shifts import taking_over
from dispatcher.console.desk.shift import is_note

if TYPE_CHECKING:
    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit


async def show(visit: Visit, reader: Principal) -> Response:
    """Show what is open, and who has taken over before."""
    return await _shown(visit, reader)


async def take_over(visit: Visit, successor: Principal) -> Response:
    """Write down that the person takes over now, with a note and what is open: once for each form that it was given."""
    note = visit.fields.get("note", "").strip()
    if not is_note(note):
        return await _shown(visit, successor, visit.word("shift_note_wrong"), HTTPStatus.UNPROCESSABLE_ENTITY)
    await taking_over.take_over(visit.dependencies, successor, note, _form(visit))
    return visit.to("/desk/handover")


def _form(visit: Visit) -> str:
    """Return which form the person sent: of a page of ours, else one of its own."""
    form = visit.fields.get("form", "")
    return form if is_token(form) else new_token()


async def _shown(
    visit: Visit, reader: Principal, refusal: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    matters = await taking_over.open_now(visit.dependencies, reader)
    return visit.page(
        "desk_handover",
        status,
        refusal=refusal,
        matters=matters,
        earlier=await taking_over.earlier_shifts(visit.dependencies, reader),
        form=_form(visit),
        may_take_over=visit.holder(Permission.TAKE_OVER) is not None,
        now=matters.as_of,
    )
