"""Compose the SQL with which plans and hand-overs choose the gateway of an SMS: `dispatcher.sms.routes.chosen` as an
expression.
"""

from __future__ import annotations

from typing import Final

from dispatcher.sms.routes import DIGITS, SCALE

CHANNEL: Final = "sms"
"""The channel whose gateways are chosen by the plan; any other's gateway follows from the address."""


def chosen_gateway(recipient: str, wanted: str, names: str, weights: str) -> str:
    """Return the expression for the gateway that takes a recipient; NULL where none does. `names` and `weights` are
    those of `Routes`, as arrays.
    """
    return f"""(
  SELECT g.name FROM unnest({names}::text[], {weights}::float8[]) g(name, weight)
  WHERE g.weight > 0 OR g.name = {wanted}
  ORDER BY g.name = {wanted} DESC NULLS LAST, -ln(
    ((('x' || substr(md5(g.name || ':' || {recipient}), 1, {DIGITS}))::bit({4 * DIGITS})::bigint + 1)::float8
     / {SCALE}::float8)) / nullif(g.weight, 0), g.name
  LIMIT 1)"""  # noqa: S608 - our own words


def gateway_of(subscription: str, names: str, weights: str) -> str:
    """Return the expression for the gateway of a subscription, by its table's name: as it has it on record, or for an
    SMS as it is chosen.
    """
    chosen = chosen_gateway(f"{subscription}.id", f"{subscription}.keys->>'gateway'", names, weights)
    return f"""CASE WHEN {subscription}.channel = '{CHANNEL}' THEN coalesce({chosen}, {subscription}.gateway)
    ELSE {subscription}.gateway END"""
