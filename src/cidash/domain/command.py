"""Commands: values that say exactly what will be done to which run or ticket, captured when the key was pressed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from cidash.domain.epic import Status
from cidash.domain.github_command import (
    ApproveRun,
    CancelRun,
    DeleteCache,
    DispatchWorkflow,
    MergePull,
    ReviewDeployment,
    SetWorkflow,
)
from cidash.domain.problem import Problem
from cidash.domain.repository import RepositoryId
from cidash.domain.ticket_command import CommentTicket, CreateTicket, LinkPage, LinkTickets


class RerunScope(StrEnum):
    """What part of a run is run again."""

    ALL = "all"
    FAILED = "failed"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Rerun:
    """Re-run a run at the attempt that was on screen; `job_id` and `job_name` are set for the scope `job`."""

    repository: RepositoryId
    run_id: int
    attempt: int
    workflow_name: str
    branch: str
    short_sha: str
    scope: RerunScope
    debug: bool = False
    job_id: int | None = None
    job_name: str | None = None

    @property
    def sentence(self) -> str:
        """Names what is done to what: `Re-run failed jobs of CI, attempt 2, kan-76 at a1b2c3d`."""
        what = {
            RerunScope.ALL: "all jobs",
            RerunScope.FAILED: "failed jobs",
            RerunScope.JOB: f"job {self.job_name}",
        }[self.scope]
        debug = " with debug logging" if self.debug else ""
        return (
            f"Re-run {what} of {self.workflow_name}, attempt {self.attempt}, {self.branch} at {self.short_sha}{debug}"
        )


@dataclass(frozen=True, slots=True)
class MoveTicket:
    """Move a ticket by one transition. `from_status` is what was on screen: if it changed since, it is asked anew."""

    key: str
    transition_id: str
    transition_name: str
    from_status: Status
    to_status: Status
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Field id to JSON value, as Jira takes it."""
    comment: str | None = None

    @property
    def sentence(self) -> str:
        """Names what is done to what: `Move KAN-76 from In Review to Done`."""
        return f"Move {self.key} from {self.from_status.name} to {self.to_status.name}"


GitHubCommand = (
    Rerun | CancelRun | ApproveRun | ReviewDeployment | MergePull | DispatchWorkflow | SetWorkflow | DeleteCache
)
Command = GitHubCommand | MoveTicket | CreateTicket | CommentTicket | LinkTickets | LinkPage


class ActionState(StrEnum):
    """How far a command has come. Only `done` was read back."""

    ASKED = "asked"
    """Being sent, or sent and not yet seen in the world."""
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """Sent, but neither its answer nor its effect could be seen."""


@dataclass(frozen=True, slots=True)
class Action:
    """A command that was confirmed, and what became of it, in one sentence."""

    id: int
    command: Command
    state: ActionState
    asked_at: datetime
    sentence: str
    finished_at: datetime | None = None
    problem: Problem | None = None
