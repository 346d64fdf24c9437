"""What FastAPI makes of the parameters and answers of a route, made once. It makes it whenever an application is built,
and that is most of what a service takes to start; tests build a thousand, all of the same routes.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from fastapi import routing
from fastapi.dependencies import utils as parameters

MOST = 500
"""Fields that are remembered: a few are written in a form that is another one in each application."""


def remember() -> None:
    """Give the fields of one application to the next as well, from now on. Nobody changes a field."""
    there: Any
    for there, name in ((parameters, "analyze_param"), (routing, "create_model_field")):
        setattr(there, name, _remembered(getattr(there, name)))


def forgetful(make: Any) -> Callable[..., Any]:
    """Return what makes a field each time."""
    plain: Callable[..., Any] = make.__wrapped__
    return plain


def _remembered(make: Callable[..., Any]) -> Callable[..., Any]:
    known: dict[tuple[Any, ...], Any] = {}

    @wraps(make)
    def made(**named: Any) -> Any:
        key = tuple(frozenset(one) if isinstance(one, set) else (type(one), one) for one in named.values())
        try:
            found = known.get(key)
        except TypeError:  # by what cannot be hashed nothing can be looked up
            return make(**named)
        if found is None:
            found = make(**named)
            # A dependency is a function of its application, which would stay for as long as it is known.
            if getattr(found, "depends", None) is None and len(known) < MOST:
                known[key] = found
        return found

    return made
