"""Rows for whatever tables a schema has, made from its columns, constraints and indexes: a new table gets some without
anybody remembering it.

A row is tried out: PostgreSQL says which constraint it breaks, and other values are tried for that one's columns, until
it is taken. What a constraint or the predicate of an index names is among the values (`state IN ('open', 'done')`), and
there is a row for each of them. All is synthetic.
"""

import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any

import asyncpg

from tests.support.schema import Column, Constraint, Schema, Table

TRIES = 3000
"""How many rows are tried until one meets a constraint; the hardest of ours takes some 200."""
REFERRED_ROWS = 12
"""How many rows of another table may be referred to."""
_LITERAL = re.compile(r"'([^'^][^']*)'::text")
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

Value = str | None
"""As PostgreSQL reads it, or NULL."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Columns that get their values together, as those of a foreign key do, and which those may be."""

    columns: tuple[str, ...]
    choices: tuple[tuple[Value, ...], ...]


@dataclass(slots=True)
class Made:
    """What was put in: `rows` by table; `refused`: rows that could not be made, with what PostgreSQL said last."""

    rows: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """PostgreSQL did not take a row; `rule` is the constraint's name, where it was one."""

    def __init__(self, rule: str, text: str, *, is_double: bool = False) -> None:
        super().__init__(text)
        self.rule = rule
        self.is_double = is_double


class MadeRows:
    """Puts rows into every table of a database; of one that goes on to the next schema, again and again."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._known: dict[str, Table] = {}
        self._taken: dict[tuple[str, str], dict[tuple[str, ...], int | None]] = {}
        """Which choice each slot had in the last row of a kind that was taken."""

    async def put(self, connection: Any, schema: Schema) -> Made:
        """Put rows into each table that has none, or differs from that of the last time, and into those that it refers
        to: one with all columns, one with only what is required, and where it differs one for each value that its
        constraints and indexes name.
        """
        made = Made()
        differ = {name for name, table in schema.items() if self._known.get(name) != table}
        due = differ | {
            name for name in schema if not await connection.fetchval(f'SELECT 1 FROM "{name}" LIMIT 1')
        }
        due |= {one.refers_to for name in due for one in _foreign(schema[name])}
        for name in _in_order(schema):
            table = schema[name]
            variants: list[tuple[str, dict[str, str], bool]] = []
            if name in due:
                variants = [("bare", {}, False), ("full", {}, True)]
            if name in differ:
                named = [(column, one) for column in _free(table) for one in _named(table, column)]
                variants += [(f"{column.name} {one}", {column.name: one}, True) for column, one in named]
            self._known[name] = table
            for label, fixed, is_full in variants:
                try:
                    await self._insert(connection, table, label, fixed, is_full=is_full)
                except Refusal as refusal:
                    # Some tables have one row, or one for each of another table, and have it by now.
                    if not (
                        refusal.is_double and await connection.fetchval(f'SELECT 1 FROM "{name}" LIMIT 1')
                    ):
                        made.refused[f"{name} {label}"] = str(refusal)
                else:
                    made.rows[name] = made.rows.get(name, 0) + 1
        return made

    async def _insert(
        self, connection: Any, table: Table, label: str, fixed: Mapping[str, str], *, is_full: bool
    ) -> None:
        number = next(self._numbers)
        slots = [*await _references(connection, table)]
        referring = {column for slot in slots for column in slot.columns}
        for column in _free(table):
            if column.name in fixed:
                slots.append(Slot((column.name,), ((fixed[column.name],),)))
            elif column.name not in referring and (choices := _choices(table, column, number)):
                slots.append(Slot((column.name,), tuple((one,) for one in choices)))
        if bare := [slot.columns for slot in slots if not slot.choices]:
            raise Refusal("", f"nothing is left to refer to by {bare[0]}", is_double=True)
        last = self._taken.get((table.name, label), {})
        row = {slot: _again(slot, last) or _first(slot, table, is_full=is_full) for slot in slots}
        refusal = await _try(connection, table, row)
        broken: list[str] = []
        while refusal is not None:
            broken.append(refusal.rule)
            row, refusal = await _mended(connection, table, row, refusal, broken)
        self._taken[table.name, label] = {
            slot.columns: None if values is None else slot.choices.index(values)
            for slot, values in row.items()
        }


def _in_order(schema: Schema) -> list[str]:
    """Return the tables' names, those that are referred to first."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, table in schema.items():
        sorter.add(name, *({one.refers_to for one in _foreign(table)} - {name}))
    return list(sorter.static_order())


def _foreign(table: Table) -> list[Constraint]:
    return [one for one in table.constraints.values() if one.kind == "f"]


def _free(table: Table) -> list[Column]:
    return [column for column in table.columns.values() if not column.made]


def _named(table: Table, column: Column) -> list[str]:
    """Return the values that constraints and predicates name for a column of text, as far as can be seen."""
    if column.type != "text" or any(column.name in one.columns for one in _foreign(table)):
        return []
    texts = [
        one.definition for one in table.constraints.values() if one.kind == "c" and column.name in one.columns
    ]
    texts += [one.predicate for one in table.indexes.values()]
    word = re.compile(
        rf"\b{column.name}\b\s+(?P<said>= ANY \(.*?\)|<> ALL \(.*?\)|(?:=|<>|~~) '[^']*'::text|WHEN .*)",
        re.DOTALL,
    )
    said = [match["said"] for text in texts for match in word.finditer(text)]
    return list(dict.fromkeys(one for text in said for one in _LITERAL.findall(text)))


def _choices(table: Table, column: Column, number: int) -> list[Value]:
    """Return what a column may get, the most usual first; nothing where its default is all that there is. Raises
    LookupError for a type of which nobody has said yet how its values look.
    """
    nothing: list[Value] = [] if column.required else [None]
    kind = column.type.removesuffix("[]").partition("(")[0]
    values = [*_values(kind, column.name, number), *_named(table, column)]
    if not values:
        if column.given is None and column.required:
            raise LookupError(f"{table.name}.{column.name}: no value is known of type {column.type}")
        return nothing
    if column.type.endswith("[]"):
        return [*(f"{{{one}}}" for one in values[:1]), "{}", *nothing]
    return [*values, *nothing]


def _values(kind: str, name: str, number: int) -> Sequence[str]:
    digest = hashlib.sha256(str(number).encode())
    again = hashlib.sha256(digest.digest())
    of_kind: dict[str, tuple[str, ...]] = {
        "text": (f"{name.replace('_', '-')[:20]}-{number}", digest.hexdigest()),
        "bytea": (f"\\x{digest.hexdigest()}", f"\\x{again.hexdigest()}", "\\x01"),
        "boolean": ("true", "false"),
        "timestamp with time zone": ((_EPOCH + timedelta(minutes=number)).isoformat(),),
        "time without time zone": ("22:00",),
        "interval": ("1 hour",),
        "jsonb": (f'{{"number": {number}}}', "{}"),
        "bit varying": ("101",),
    }
    of_kind |= dict.fromkeys(("bigint", "integer", "smallint"), (str(number % 30000), "1"))
    of_kind |= dict.fromkeys(("double precision", "real", "numeric"), (f"{number % 80}.5", "1"))
    return of_kind.get(kind, ())


async def _references(connection: Any, table: Table) -> list[Slot]:
    """Return the foreign keys' columns with keys of rows there that the table does not have yet, where it may have each
    once."""
    slots: list[Slot] = []
    for one in _foreign(table):
        named = ", ".join(f'r."{column}"::text' for column in one.referred)
        once = any(
            rule.kind in "pu" and {*rule.columns} <= {*one.columns} for rule in table.constraints.values()
        )
        same = " AND ".join(
            f't."{own}" = r."{other}"' for own, other in zip(one.columns, one.referred, strict=True)
        )
        unused = f'WHERE NOT EXISTS (SELECT FROM "{table.name}" t WHERE {same})' if once else ""
        rows = await connection.fetch(
            f'SELECT {named} FROM "{one.refers_to}" r {unused} ORDER BY r.ctid DESC LIMIT {REFERRED_ROWS}'
        )
        choices: list[tuple[Value, ...]] = [tuple(row) for row in rows]
        if not any(table.columns[column].required for column in one.columns):
            choices.append((None,) * len(one.columns))
        slots.append(Slot(one.columns, tuple(choices)))
    return slots


Row = dict[Slot, tuple[Value, ...] | None]
"""What each slot gets; nothing: its default."""


def _again(slot: Slot, last: Mapping[tuple[str, ...], int | None]) -> tuple[Value, ...] | None:
    index = last.get(slot.columns)
    return slot.choices[index] if index is not None and index < len(slot.choices) else None


def _first(slot: Slot, table: Table, *, is_full: bool) -> tuple[Value, ...] | None:
    columns = [table.columns[name] for name in slot.columns]
    if is_full or len(slot.choices) == 1:
        return slot.choices[0]
    if all(column.given is not None for column in columns):
        return None
    return slot.choices[0] if any(column.required for column in columns) else slot.choices[-1]


async def _try(connection: Any, table: Table, row: Row) -> Refusal | None:
    """Insert the row. Returns what kept it out."""
    given = [
        (name, value)
        for slot, values in row.items()
        if values is not None
        for name, value in zip(slot.columns, values, strict=True)
    ]
    places = ", ".join(
        f"CAST(${n}::text AS {table.columns[name].type})" for n, (name, _) in enumerate(given, 1)
    )
    columns = ", ".join(f'"{name}"' for name, _ in given)
    values = f"({columns}) VALUES ({places})" if given else "DEFAULT VALUES"
    statement = f'INSERT INTO "{table.name}" {values} RETURNING 1'
    try:
        taken = await connection.fetchval(statement, *(value for _, value in given))
    except asyncpg.UniqueViolationError as error:
        return Refusal(error.constraint_name or "", str(error), is_double=True)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        return Refusal(getattr(error, "constraint_name", None) or "", str(error))
    except (asyncpg.RaiseError, asyncpg.ObjectNotInPrerequisiteStateError) as error:
        return Refusal("", str(error))  # by a trigger
    return None if taken else Refusal("", "a trigger left it out")


async def _mended(
    connection: Any, table: Table, row: Row, refusal: Refusal, broken: Sequence[str]
) -> tuple[Row, Refusal | None]:
    """Try other values for what broke the rules so far, as few as possible, until the row is taken or refused for
    another rule. Returns the row, and what refuses it now. Raises Refusal.
    """
    rules = [table.constraints[name] for name in broken if name in table.constraints]
    columns = (
        {column for rule in rules for column in rule.columns} if refusal.rule in table.constraints else None
    )
    open_ = [slot for slot in row if len(slot.choices) > 1 and (columns is None or columns & {*slot.columns})]
    double: Refusal | None = None
    for changes in itertools.islice(_changes(row, open_), TRIES):
        other = row | changes
        left = await _try(connection, table, other)
        if left is None or (columns is not None and _is_further(table, columns, broken, left)):
            return other, left
        double = left if left.is_double else double
    raise double or refusal


def _is_further(table: Table, changed: set[str], broken: Sequence[str], left: Refusal) -> bool:
    """Whether what refuses the row now is to be mended next: not if it is there already by what was just changed."""
    if left.rule in broken:
        return False
    rule = table.constraints.get(left.rule)
    return not left.is_double or (rule is not None and not {*rule.columns} & changed)


def _changes(row: Row, slots: Sequence[Slot]) -> Iterator[Row]:
    few = len(slots) > 3  # of many only whether each is there is tried, and what is named
    choices = {slot: [one for one in _tried(slot, few=few) if one != row[slot]] for slot in slots}
    for count in range(1, min(len(slots), 5) + 1):
        for chosen in itertools.combinations(slots, count):
            for values in itertools.product(*(choices[slot] for slot in chosen)):
                yield dict(zip(chosen, values, strict=True))


def _tried(slot: Slot, *, few: bool) -> Sequence[tuple[Value, ...]]:
    if few and None in slot.choices[-1]:
        return slot.choices[-1], slot.choices[0]
    return slot.choices
