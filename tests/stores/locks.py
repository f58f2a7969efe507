"""Writer locks for stores under test: one that is always free, one that a build holds."""

from contextlib import contextmanager

from kgbuild.errors import GraphLocked


@contextmanager
def free(directory):
    yield


@contextmanager
def held_by_a_build(directory):
    raise GraphLocked(directory, "another build is writing this graph", "Wait for it")
    yield
