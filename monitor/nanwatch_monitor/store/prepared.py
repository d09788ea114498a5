"""Statements of the hot path, put into words once.

What SQLAlchemy does at each execution - finding the words of a statement, the types of its values -
costs more there than what the database does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Double, Insert, Select, Update, bindparam
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any] | None


@dataclass(frozen=True)
class _Words:
    """A statement in the words of one dialect.

    Attributes:
        values: the name of each value, in order, and what makes it fit for the driver.
        by_place: whether the driver takes values by their place, or by their name.
        results: what makes a column of the answer a value again; empty when nothing has to.
    """

    text: str
    values: Sequence[tuple[str, Convert]]
    by_place: bool
    results: Sequence[Convert]

    def bound(self, row: Mapping[str, Any]) -> Any:
        if self.by_place:
            return tuple([c(row[n]) if c else row[n] for n, c in self.values])
        return {n: c(row[n]) if c else row[n] for n, c in self.values}

    def read(self, rows: Sequence[Any]) -> Sequence[Any]:
        if not self.results:
            return rows
        return [[c(v) if c else v for c, v in zip(self.results, row, strict=True)] for row in rows]


class Prepared:
    """A statement of SQLAlchemy Core whose values are all `bindparam`s, or an INSERT of rows.

    It is run by the driver's own cursor, in the transaction of an SQLAlchemy connection. Raises
    what SQLAlchemy would.
    """

    def __init__(self, statement: Select[Any] | Insert | Update | Delete) -> None:
        self._statement = statement
        self._known: dict[str, _Words] = {}

    def find(self, connection: Connection, **values: Any) -> Sequence[Any]:
        """The rows of a SELECT, as sequences of its columns."""
        words = self._words(connection.dialect)
        with _cursor(connection) as cursor:
            cursor.execute(words.text, words.bound(values))
            return words.read(cursor.fetchall())

    def write(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Do it once for each row of values; at least one."""
        words = self._words(connection.dialect)
        with _cursor(connection) as cursor:
            cursor.executemany(words.text, [words.bound(row) for row in rows])

    def _words(self, dialect: Dialect) -> _Words:
        found = self._known.get(dialect.name)
        if found is None:
            found = self._known[dialect.name] = _put(self._statement, dialect)
        return found


@contextmanager
def _cursor(connection: Connection) -> Iterator[DBAPICursor]:
    driver = connection.dialect.loaded_dbapi
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except driver.Error as error:  # without the statement: its values may be anybody's
        raise DBAPIError.instance(
            None, None, error, driver.Error, dialect=connection.dialect
        ) from error
    finally:
        cursor.close()


def several(values: Collection[Any]) -> dict[str, Any]:
    """Some values by name, for a statement that takes 1, 2, 4 or 8 ...: the first one fills up."""
    some = [*values]
    some += some[:1] * ((1 << (len(some) - 1).bit_length()) - len(some))
    return {f"value{no}": value for no, value in enumerate(some)}


def is_one_of(column: Any, count: int) -> Any:
    """The condition that a column is one of so many values, named as by `several`."""
    return column.in_([bindparam(f"value{no}", type_=column.type) for no in range(count)])


def _put(statement: Any, dialect: Dialect) -> _Words:
    compiled = statement.compile(dialect=dialect)
    names = compiled.positiontup or list(compiled.binds)
    values = [(name, _to_driver(compiled.binds[name].type, dialect)) for name in names]
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    results = [_from_driver(column.type, dialect) for column in columns]
    by_place = bool(compiled.positional)
    return _Words(str(compiled), values, by_place, results if any(results) else ())


def _to_driver(of: TypeEngine[Any], dialect: Dialect) -> Convert:
    return of.dialect_impl(dialect).bind_processor(dialect)


def _from_driver(of: TypeEngine[Any], dialect: Dialect) -> Convert:
    if isinstance(of, Double):  # both drivers give what was stored
        return None
    return of.dialect_impl(dialect).result_processor(dialect, None)
