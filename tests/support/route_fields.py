"""What FastAPI makes of the path, the signature, the parameters and the answers of a route, made once. It makes it
whenever an application is built, and that is most of what a service takes to start; tests build a thousand, all of the
same routes.
"""

from collections.abc import Callable
from functools import cache, wraps
from inspect import Signature
from types import FunctionType
from typing import Any

from fastapi import routing
from fastapi.dependencies import utils as parameters
from starlette import routing as paths

MOST = 500
"""Fields that are remembered: a few are written in a form that is another one in each application."""
MOST_SIGNATURES = 2000
"""An application has some 300."""


def remember() -> None:
    """Give the paths, fields and signatures of one application to the next as well, from now on. Nobody changes them."""
    there: Any = parameters
    for name in ("_get_signature", "get_typed_signature"):
        setattr(there, name, _signature_remembered(getattr(there, name)))
    for there in (routing, paths):
        there.compile_path = cache(there.compile_path)
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


def _signature_remembered(signature_of: Callable[..., Signature]) -> Callable[..., Signature]:
    """The routes of each application are functions of its own, of the same code. What is declared with the same objects
    has the same signature; they are kept, so that their identity stays theirs.
    """
    known: dict[tuple[Any, ...], tuple[list[Any], Signature]] = {}

    @wraps(signature_of)
    def remembered(call: Any) -> Signature:
        if not isinstance(call, FunctionType) or call.__dict__:  # such as __wrapped__ and __signature__
            return signature_of(call)
        named, annotations = call.__kwdefaults__ or {}, call.__annotations__
        declared = [*(call.__defaults__ or ()), *named.values(), *annotations.values()]
        key = (call.__code__, call.__module__, tuple(named), tuple(annotations), *map(id, declared))
        if (found := known.get(key)) is not None:
            return found[1]
        signature = signature_of(call)
        if len(known) < MOST_SIGNATURES:
            known[key] = declared, signature
        return signature

    return remembered
