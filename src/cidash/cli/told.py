"""What a reading command says on standard error about where its answer comes from."""

from datetime import datetime
from typing import Any

from cidash.cli.console import warn
from cidash.cli.encode import Json, moment
from cidash.domain.format import age_text
from cidash.domain.snapshot import Part


def tell_source(part: Part[Any], now: datetime) -> None:
    """Says why the servers did not answer, and how old what is printed instead is."""
    if part.problem is None:
        return
    age = part.age_seconds(now)
    kept = "" if part.data is None else f" From the history{'' if age is None else f', {age_text(age)} old'}."
    warn(f"{part.problem.sentence}{kept}")


def source(part: Part[Any], now: datetime) -> Json:
    """Returns state, age and problem of an answer as JSON."""
    age = part.age_seconds(now)
    problem = part.problem
    return {
        "state": part.state.value,
        "fetched_at": moment(part.fetched_at),
        "age_seconds": None if age is None else round(age, 3),
        "problem": None if problem is None else {"kind": problem.kind.value, "sentence": problem.sentence},
    }
