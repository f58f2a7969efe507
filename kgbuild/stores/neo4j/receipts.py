"""What the ledger keeps of publications to a database, so that a killed one goes on and what is ours can be told.

A receipt is kept before the first write of a publication, after each window of rows and after the last. What a database may hold of
a graph is then what the ledger holds of the generations since the last whole one, under the names of each attempt: nothing that
a publication killed between a commit there and a receipt here could have written stands outside of that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from kgbuild.serialisation import from_json, to_json
from kgbuild.stores.elements import Names
from kgbuild.stores.projection import Use


class Receipts(Protocol):
    """Where receipts are kept, by the id that the marker gives a database: the ledger."""

    def receipt(self, database: str) -> str | None: ...

    def keep_receipt(self, database: str, payload: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Written:
    """A publication. since: the generation it set out from. uses, names: those of its generation.

    done: how many rows of each pass are written, of which the order is fixed by `since` and `generation`.
    """

    since: int | None
    generation: int
    uses: tuple[Use, ...]
    names: Names
    done: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Receipt:
    """url: where the database was last found. written: the last whole publication, if there is one, then the attempts since."""

    database: str
    url: str
    written: tuple[Written, ...] = ()

    @classmethod
    def read(cls, receipts: Receipts, database: str) -> "Receipt | None":
        payload = receipts.receipt(database)
        return None if payload is None else cls.parse(payload)

    @classmethod
    def parse(cls, payload: str) -> "Receipt":
        return from_json(cls, payload)

    def keep(self, receipts: Receipts) -> None:
        receipts.keep_receipt(self.database, to_json(self))

    def with_last(self, written: Written) -> "Receipt":
        return replace(self, written=(*self.written[:-1], written))
