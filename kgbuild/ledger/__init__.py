"""The graph directory: every row of every stage, content-addressed and crash-safe. It is the only truth; a store is a projection.

ledger.py     the writer's side (one process, holding the lock)
snapshot.py   the reader's side (the last published generation, no lock)
schema.py     tables and migrations        segments.py   paid work not yet committed        lock.py   the writer's lock
replies.py    a worker's memory of what a language model was asked, and its budget
"""

from kgbuild.ledger.ledger import LEDGER_FILE, FileRead, Ledger, Placed
from kgbuild.ledger.lock import writing
from kgbuild.ledger.replies import WorkerReplies, worker_replies
from kgbuild.ledger.segments import worker_segment
from kgbuild.ledger.snapshot import Snapshot

__all__ = [
    "LEDGER_FILE",
    "FileRead",
    "Ledger",
    "Placed",
    "Snapshot",
    "WorkerReplies",
    "worker_replies",
    "worker_segment",
    "writing",
]
