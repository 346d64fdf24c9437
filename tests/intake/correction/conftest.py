"""A record, and the intake of control centres in front of it."""

from tests.intake.four_eyes import conftest as with_policy

world = with_policy.world
