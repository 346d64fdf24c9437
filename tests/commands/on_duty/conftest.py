"""Commands of an administrator run as all others, with a worker beside them that sends."""

from tests.commands import conftest as commands
from tests.store import conftest as on_record

run, surroundings, pool = commands.run, commands.surroundings, on_record.pool
