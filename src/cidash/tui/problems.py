"""The problems of the moment, newest first: what the line above the footer says."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from textual.content import Content

from cidash.domain.command import ActionState
from cidash.domain.problem import Problem
from cidash.domain.snapshot import Snapshot, SourceState
from cidash.tui import look
from cidash.tui.columns import assemble

_ACTION_STAYS = timedelta(seconds=90)


class Problems:
    """Remembers when each problem was first seen, for a snapshot does not tell."""

    def __init__(self) -> None:
        self._first_seen: dict[str, int] = {}
        self._count = 0

    def line(self, snapshot: Snapshot, now: datetime) -> Content:
        """Returns the newest problem as one line, with the number of others; empty when all is well."""
        present = dict.fromkeys(_sentences(snapshot, now))
        for sentence in present:
            if sentence not in self._first_seen:
                self._count += 1
                self._first_seen[sentence] = self._count
        self._first_seen = {sentence: seen for sentence, seen in self._first_seen.items() if sentence in present}
        if not self._first_seen:
            return Content("")
        newest = max(self._first_seen, key=lambda sentence: self._first_seen[sentence])
        others = len(self._first_seen) - 1
        more = (f"  +{others} more", look.MUTED) if others else ""
        return assemble(("✗ ", look.BAD), (newest, look.PLAIN), more)


def _sentences(snapshot: Snapshot, now: datetime) -> Iterator[str]:
    for repository in snapshot.repositories:
        jobs = repository.jobs.values()
        parts = (
            (part.state, part.problem) for part in (repository.pulls, repository.runs, repository.workflows, *jobs)
        )
        yield from _failing(parts)
    yield from _failing([(snapshot.epic.state, snapshot.epic.problem)])
    if snapshot.history_problem is not None:
        yield snapshot.history_problem.sentence
    for action in snapshot.actions:
        ended = action.finished_at or action.asked_at
        if action.state in {ActionState.REFUSED, ActionState.UNKNOWN} and now - ended < _ACTION_STAYS:
            named = action.sentence.startswith(action.command.sentence)
            yield action.sentence if named else f"{action.sentence} ({action.command.sentence})"


def _failing(parts: Iterable[tuple[SourceState, Problem | None]]) -> Iterator[str]:
    for state, problem in parts:
        if state is SourceState.FAILING and problem is not None:
            yield problem.sentence
