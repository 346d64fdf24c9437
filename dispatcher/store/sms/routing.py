"""Compose the SQL with which plans and hand-overs choose the gateway of an SMS: `dispatcher.sms.routes.chosen` as an
expression.
"""

from __future__ import annotations

from typing import Final

from dispatcher.sms.routes import DIGITS, OWN, SCALE

CHANNEL: Final = "sms"
"""The channel whose gateways are chosen by the plan; any other's gateway follows from the address."""


def chosen_gateway(recipient: str, wanted: str, names: str, weights: str) -> str:
    """Return the expression for the gateway that takes a recipient; NULL where none does. `names` and `weights` are
    those of `Routes`, as arrays.
    """
    return f"""(
  SELECT g.name FROM (SELECT {wanted} AS name OFFSET 0) AS named,
    unnest({names}::text[], {weights}::float8[]) g(name, weight)
  WHERE g.weight > 0 OR g.name = named.name
  ORDER BY g.name = named.name DESC NULLS LAST, -ln(
    ((('x' || substr(md5(g.name || ':' || {recipient}), 1, {DIGITS}))::bit({4 * DIGITS})::bigint + 1)::float8
     / {SCALE}::float8)) / nullif(g.weight, 0), g.name
  LIMIT 1)"""  # noqa: S608 - our own words


def wanted_gateway(subscription: str, names: str) -> str:
    """Return the expression for the gateway that a subscription wants: the one that it names, else, of those in the
    array `names`, its instance's own, where nobody of another instance has the endpoint too; NULL where it wants none.
    """
    own = f"'{OWN}' || {subscription}.instance"
    return f"""coalesce({subscription}.keys->>'gateway', CASE WHEN {own} = ANY({names}::text[])
    AND NOT {subscription}.shared AND NOT EXISTS (
      SELECT FROM subscriber_endpoint link JOIN subscriber other ON other.id = link.subscriber_id
      WHERE link.subscription_id = {subscription}.id AND link.proven_at IS NOT NULL
        AND other.instance_id <> {subscription}.instance AND other.ended_at IS NULL) THEN {own} END)"""


def gateway_of(subscription: str, names: str, weights: str) -> str:
    """Return the expression for the gateway of a subscription, by its table's name: as it has it on record, or for an
    SMS as it is chosen.
    """
    wanted = wanted_gateway(subscription, names)
    chosen = chosen_gateway(f"{subscription}.id", wanted, names, weights)
    return f"""CASE WHEN {subscription}.channel = '{CHANNEL}' THEN coalesce({chosen}, {subscription}.gateway)
    ELSE {subscription}.gateway END"""
