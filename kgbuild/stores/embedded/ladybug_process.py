"""The child process that holds Ladybug: one JSON line in, one out. Should Ladybug crash, only this process is lost.

    load FILE     {"statements"}                                        -> {}
    serve FILE    {"cypher", "parameters", "max_rows", "timeout_ms"}    -> {"columns", "rows", "complete"}

A first line `{}` says that the file is open; `{"error"}` takes the place of any answer.

Run as a script that imports nothing of kgbuild, so that it starts in a fifth of a second. It ends when its standard input does,
even in the middle of a query: the parent's death closes the pipe, whatever killed it.
"""

import json
import os
import signal
import sys
import threading
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from queue import SimpleQueue
from typing import Any
from uuid import UUID

import ladybug

LADYBUG_ERRORS = (RuntimeError, ValueError, TypeError, OverflowError, NotImplementedError)
"""What the binding raises for a wrong query, a value it cannot take, or a full disk."""
MAX_MEMORY_BYTES = 4 << 30
MAX_FILE_BYTES = 1 << 40  # address space, not disk; Ladybug's own default of 8 TB is more than some containers allow


def main(task: str, path: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
    requests: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    try:
        connection = _open(path, read_only=task == "serve")
        _send({})
    except LADYBUG_ERRORS as error:
        _send({"error": str(error)})
        return
    if task == "load":
        _send(_loaded(connection, requests.get()["statements"]))
        return
    while True:
        _send(_answer(connection, **requests.get()))


def _receive(requests: "SimpleQueue[dict[str, Any]]") -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)


def _open(path: str, read_only: bool) -> Any:
    memory = min(MAX_MEMORY_BYTES, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)
    threads = max(1, min(4, os.cpu_count() or 1))
    database = ladybug.Database(
        path,
        buffer_pool_size=memory,
        max_num_threads=threads,
        max_db_size=MAX_FILE_BYTES,
        read_only=read_only,
        auto_checkpoint=False,  # a checkpoint after each of a hundred small tables costs more than loading them
    )
    return ladybug.Connection(database)


def _loaded(connection: Any, statements: list[str]) -> dict[str, Any]:
    try:
        for statement in statements:
            connection.execute(statement)
        connection.execute("CHECKPOINT")
        connection.close()
        connection.database.close()
    except LADYBUG_ERRORS as error:
        return {"error": str(error)}
    return {}


def _answer(connection: Any, cypher: str, parameters: dict[str, Any], max_rows: int, timeout_ms: int) -> dict[str, Any]:
    try:
        connection.set_query_timeout(timeout_ms)
        result = connection.execute(connection.prepare(cypher), parameters)  # only a single statement can be prepared
        columns = result.get_column_names()
        rows: list[list[Any]] = []
        while len(rows) < max_rows and result.has_next():
            rows.append([_plain(value) for value in result.get_next()])
        return {"columns": columns, "rows": rows, "complete": not result.has_next()}
    except LADYBUG_ERRORS as error:
        return {"error": str(error)}


def _plain(value: Any) -> Any:
    match value:
        case dict() if "_NODES" in value and "_RELS" in value:
            return {"nodes": _plain(value["_NODES"]), "relationships": _plain(value["_RELS"])}
        case dict() if "_ID" in value and "_LABEL" in value:
            held = {key: _plain(inner) for key, inner in value.items() if not key.startswith("_") and inner is not None}
            return {"_label": value["_LABEL"]} | held
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date() | time() | datetime():
            return value.isoformat()
        case timedelta() | UUID():
            return str(value)
        case bytes():
            return value.hex()
    return value


def _send(reply: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
