"""The board: holds the newest snapshot, replaces parts of it, and tells whoever listens."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cidash.domain.armed import Armed
from cidash.domain.clock import Clock
from cidash.domain.command import Action, ActionState
from cidash.domain.epic import Epic
from cidash.domain.problem import Problem
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Budget, Part, RepositorySnapshot, Snapshot, SourceState
from cidash.domain.target import TargetResult

_KEEP_ACTIONS = timedelta(minutes=2)
Listener = Callable[[Snapshot], None]


class Board:
    """Every change makes a new immutable snapshot; listeners get the newest and may skip any."""

    def __init__(self, clock: Clock, repositories: Iterable[RepositoryId], *, has_jira: bool) -> None:
        self._clock = clock
        self._listeners: list[Listener] = []
        self.snapshot = Snapshot(
            at=clock.now(),
            repositories=tuple(RepositorySnapshot(one) for one in repositories),
            epic=Part(state=SourceState.LOADING if has_jira else SourceState.OFF),
        )

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls the listener with every new snapshot; returns the call that ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def repository(self, wanted: RepositoryId) -> RepositorySnapshot:
        """Returns that repository's part; it must be one of the board's."""
        found = self.snapshot.repository(wanted)
        if found is None:
            raise LookupError(f"{wanted} is not on the board")
        return found

    def put_repository(self, changed: RepositorySnapshot) -> None:
        """Replaces that repository's part."""
        repositories = tuple(changed if one.id == changed.id else one for one in self.snapshot.repositories)
        self._put(repositories=repositories)

    def put_epic(self, epic: Part[Epic]) -> None:
        """Replaces the epic."""
        self._put(epic=epic)

    def put_targets(self, targets: tuple[TargetResult, ...]) -> None:
        """Replaces the target results."""
        self._put(targets=targets)

    def put_budget(self, budget: Budget) -> None:
        """Replaces that host's budget."""
        others = tuple(one for one in self.snapshot.budgets if one.host != budget.host)
        budgets = tuple(sorted((*others, budget), key=lambda one: one.host))
        if budgets != self.snapshot.budgets:
            self._put(budgets=budgets)

    def put_action(self, action: Action) -> None:
        """Adds or replaces an action, and forgets those that ended a while ago."""
        forgotten = self._clock.now() - _KEEP_ACTIONS
        kept = [
            one
            for one in self.snapshot.actions
            if one.id != action.id and (one.state is ActionState.ASKED or (one.finished_at or one.asked_at) > forgotten)
        ]
        self._put(actions=tuple(sorted((*kept, action), key=lambda one: one.id)))

    def put_armed(self, armed: tuple[Armed, ...]) -> None:
        """Replaces what is armed."""
        self._put(armed=armed)

    def put_history_problem(self, problem: Problem | None) -> None:
        """Says that the history fails, or no longer does."""
        if problem != self.snapshot.history_problem:
            self._put(history_problem=problem)

    def end_round(self) -> None:
        """Counts a finished poll round."""
        self._put(round=self.snapshot.round + 1)

    def _put(self, **changes: Any) -> None:
        self.snapshot = replace(self.snapshot, at=self._clock.now(), **changes)
        for listener in tuple(self._listeners):
            listener(self.snapshot)
