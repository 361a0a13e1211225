"""What the panes of the Watch view draw: one snapshot, one selection, one moment."""

from dataclasses import dataclass
from datetime import datetime

from cidash.domain.ci import PullRequest, Run
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot
from cidash.domain.state import State
from cidash.tui.watch.items import Item, ItemKey


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything that a pane needs to draw itself; a new one for every snapshot, second and selection."""

    snapshot: Snapshot
    now: datetime
    items: tuple[Item, ...] = ()
    item: Item | None = None
    run: Run | None = None
    """The selected run at the attempt that is shown."""
    newest_attempt: int = 1
    compact: bool = False
    """Whether the default branch gets one line only."""
    marked: frozenset[ItemKey] = frozenset()
    """The rows that the next re-run or cancel is about."""
    telling: frozenset[tuple[RepositoryId, int]] = frozenset()
    """Repository and id of the runs that tell when they end."""

    @property
    def pulls(self) -> tuple[PullRequest, ...]:
        """The open pull requests of all repositories."""
        return tuple(item.pull for item in self.items if item.pull is not None)

    @property
    def projects(self) -> tuple[str, ...] | None:
        """The epic's Jira project, so that only its keys count as tickets; None without an epic."""
        epic = self.snapshot.epic.data
        return None if epic is None else (epic.ticket.key.rpartition("-")[0],)

    def state_of(self, pull: PullRequest) -> State | None:
        """Returns the state of the pull request's head commit; None without any run."""
        return next((item.state for item in self.items if item.pull == pull), None)
