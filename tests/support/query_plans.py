"""How a database would run what a piece of work asks of it."""

from collections.abc import Callable

from sqlalchemy import Connection, event


def plan_of(connection: Connection, work: Callable[[Connection], object]) -> list[str]:
    """Run ``work`` and return the steps of the plans of all its statements."""
    asked: list[tuple[str, object]] = []

    def listen(*call: object) -> None:
        _connection, _cursor, statement, parameters, *_rest = call
        asked.append((str(statement), parameters))

    event.listen(connection, "before_cursor_execute", listen)
    try:
        work(connection)
    finally:
        event.remove(connection, "before_cursor_execute", listen)
    steps: list[str] = []
    for statement, parameters in asked:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
        steps += [str(row[3]) for row in plan]
    return steps
