"""Receipts for stores under test that have no ledger."""

from dataclasses import dataclass, field


@dataclass
class ReceiptsInMemory:
    kept: dict[str, str] = field(default_factory=dict)

    def receipt(self, database: str) -> str | None:
        return self.kept.get(database)

    def keep_receipt(self, database: str, payload: str) -> None:
        self.kept[database] = payload
