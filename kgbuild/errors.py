"""Every error raised on purpose, as one tree. Each says where, what is wrong and what to do, in one line.

KgbuildError
├── DocumentError      a file that cannot be read or parsed
├── OntologyError      an ontology that is missing or wrong; carries all problems
├── InputError         a command's argument or input line that cannot be used
├── GraphError         a graph directory that is missing, of another version or not a graph
│   └── GraphLocked    another build is writing it
├── WeightsError       weights that are missing or do not fit
├── StoreError         a store that cannot be written, read or queried
│   ├── StoreUnavailable  one that does not answer now (retryable)
│   └── LoginRefused      one that asks for another user name or password
├── ModelUnavailable   a server that does not answer now (retryable)
├── BudgetSpent        a run that may ask no more; the next one goes on (retryable)
├── ReplyCut           a reply that its length limit or the context cut short
└── ReplyRefused       a request that a server will never answer, or a reply that cannot be used
"""

from typing import ClassVar


class KgbuildError(Exception):
    """Base of every error raised on purpose. Shown to the user as one line."""

    retryable: ClassVar[bool] = False

    def __init__(self, where: object, problem: str, remedy: str) -> None:
        self.where, self.problem, self.remedy = str(where), problem, remedy
        super().__init__(f"{where}: {problem}. {remedy}.")

    def __reduce__(self) -> tuple[type["KgbuildError"], tuple[str, str, str]]:
        return type(self), (self.where, self.problem, self.remedy)  # errors cross process borders whole


class DocumentError(KgbuildError):
    """A file that cannot be read or parsed; the run goes on without it and names it."""


class OntologyError(KgbuildError):
    """An ontology that is missing or wrong."""


class InputError(KgbuildError):
    """A command's argument or input line that cannot be used."""


class GraphError(KgbuildError):
    """A graph directory that is missing, of another version or not a graph."""


class GraphLocked(GraphError):
    """Another build is writing this graph directory."""


class WeightsError(KgbuildError):
    """Weights that are missing or do not fit."""


class StoreError(KgbuildError):
    """A store that cannot be written, read or queried."""


class StoreUnavailable(StoreError):
    """A store that does not answer now; a later run may do better."""

    retryable = True


class LoginRefused(StoreError):
    """A store that asks for another user name or password."""


class ModelUnavailable(KgbuildError):
    """A server that does not answer now; a later run may do better."""

    retryable = True


class BudgetSpent(KgbuildError):
    """The tokens a run may spend are spent; the next run goes on where this one stopped."""

    retryable = True


class ReplyCut(KgbuildError):
    """A reply that its length limit or the context cut short; a smaller question may be answered whole."""


class ReplyRefused(KgbuildError):
    """A request that a server will never answer as it stands, or a reply that cannot be used."""
