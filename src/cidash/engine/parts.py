"""How a part of the snapshot changes: read, failed, remembered. A failed part keeps its last good data and its age."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from cidash.domain.problem import Problem
from cidash.domain.snapshot import Part, SourceState

T = TypeVar("T")


def read(data: T, fetched_at: datetime) -> Part[T]:
    """Returns a part that was just answered."""
    return Part(data, fetched_at, SourceState.LIVE)


def remembered(data: T, fetched_at: datetime) -> Part[T]:
    """Returns a part that comes from the history: good data, its age shown, not yet asked for in this session."""
    return Part(data, fetched_at, SourceState.STORED)


def failed(part: Part[T], problem: Problem) -> Part[T]:
    """Returns the part with the problem beside whatever data it had."""
    return replace(part, state=SourceState.FAILING, problem=problem)
