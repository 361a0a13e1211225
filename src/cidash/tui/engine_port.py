"""What the screen asks of the engine, and nothing more, so that tests can put a fake in its place."""

from collections.abc import Callable
from typing import Protocol

from cidash.domain.command import Action, Command
from cidash.domain.epic import Transition
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot


class EnginePort(Protocol):
    """Keeps a snapshot true and carries out commands."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        ...

    def subscribe(self, on_change: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Calls `on_change` with every new snapshot, on the event loop's thread; returns the call that ends it."""
        ...

    async def run(self) -> None:
        """Polls until it is cancelled."""
        ...

    def kick(self) -> None:
        """Polls at once."""
        ...

    def set_focus(self, focused: bool) -> None:
        """Says whether the terminal is being looked at."""
        ...

    def select(self, repository: RepositoryId, run_id: int | None, attempt: int | None = None) -> None:
        """Keeps the jobs of that run fresh, at its newest attempt unless another one is named."""
        ...

    def select_pull(self, repository: RepositoryId, number: int | None) -> None:
        """Keeps fresh what blocks the merge of that pull request; None: of none but the selected run's."""
        ...

    async def transitions(self, key: str) -> tuple[Transition, ...]:
        """Returns the transitions that this user has for the ticket now; raises SourceError."""
        ...

    async def perform(self, command: Command) -> Action:
        """Sends a confirmed command once, reads back, and returns what became of it."""
        ...
