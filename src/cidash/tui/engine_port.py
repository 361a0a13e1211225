"""What the screen asks of the engine, and nothing more, so that tests can put a fake in its place."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cidash.domain.acting import Artifact, MergeSettings, PendingDeployment
from cidash.domain.armed import Armed, ArmedCommand
from cidash.domain.cache_ledger import CacheReport
from cidash.domain.ci import PullRequest, Workflow
from cidash.domain.command import Action, Command
from cidash.domain.epic import Transition
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot
from cidash.domain.workflow_file import DispatchInput
from cidash.tui.desk_port import DeskPort

if TYPE_CHECKING:
    from cidash.github.log_file import LogFile
    from cidash.github.log_queries import Annotation


class GitHubPort(Protocol):
    """What GitHub is asked before a write; every failure is a SourceError."""

    async def pull(self, repository: RepositoryId, number: int) -> PullRequest:
        """Returns the pull request, with what GitHub says about merging it."""
        ...

    async def workflows(self, repository: RepositoryId) -> tuple[Workflow, ...]:
        """Returns all workflows."""
        ...

    async def merge_settings(self, repository: RepositoryId) -> MergeSettings:
        """Returns which ways of merging are allowed."""
        ...

    async def pending_deployments(self, repository: RepositoryId, run_id: int) -> tuple[PendingDeployment, ...]:
        """Returns the deployments that the run waits with."""
        ...

    async def dispatch_inputs(
        self, repository: RepositoryId, workflow: Workflow, ref: str
    ) -> tuple[DispatchInput, ...]:
        """Returns the inputs that the workflow's file on that branch or tag declares."""
        ...

    async def artifacts(self, repository: RepositoryId, run_id: int) -> tuple[Artifact, ...]:
        """Returns the run's artifacts."""
        ...

    async def download(
        self, repository: RepositoryId, artifact: Artifact, folder: Path, on_progress: Callable[[int], None]
    ) -> Path:
        """Downloads and unpacks an artifact into a new folder of its name below `folder`; returns that folder."""
        ...


class CachesPort(Protocol):
    """What view 3 asks of the engine."""

    async def known(self, repository: RepositoryId) -> CacheReport:
        """Returns what the history and the stored answers give, without asking anybody."""
        ...

    async def read(self, repository: RepositoryId) -> CacheReport:
        """Returns the report after asking GitHub for what it lacks; problems stand in it."""
        ...


class LogsPort(Protocol):
    """Logs of finished jobs; every failure is a SourceError."""

    async def open(
        self, repository: RepositoryId, job_id: int, on_bytes: Callable[[int], None] = lambda _: None
    ) -> "LogFile":
        """Returns the log; whoever gets it closes it. `on_bytes` hears how many bytes were read so far."""
        ...

    async def annotations(self, repository: RepositoryId, job_id: int) -> "tuple[Annotation, ...] | None":
        """Returns the job's annotations, or None where this token may not read them."""
        ...


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

    @property
    def desk(self) -> DeskPort | None:
        """What forms for tickets ask; None without Jira."""
        ...

    @property
    def caches(self) -> CachesPort:
        """Ledger, autopsies and storage of caches."""
        ...

    @property
    def logs(self) -> LogsPort:
        """Opens logs."""
        ...

    @property
    def github(self) -> "GitHubPort":
        """Asks what is needed to ask for a write."""
        ...

    def arm(self, command: ArmedCommand) -> Armed:
        """Arms a confirmed command: it is sent when its moment has come."""
        ...

    def disarm(self, armed_id: int) -> bool:
        """Takes an armed command back; returns whether it was still armed."""
        ...

    async def perform(self, command: Command) -> Action:
        """Sends a confirmed command once, reads back, and returns what became of it."""
        ...
