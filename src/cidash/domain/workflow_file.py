"""What a workflow file declares: triggers, jobs, steps. It is evidence of the kind `declared`, never proof."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DispatchInput:
    """One input of a `workflow_dispatch` trigger."""

    name: str
    type: str
    """`string`, `boolean`, `choice`, `number` or `environment`."""
    required: bool
    default: str | None
    options: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """One `schedule` entry; without a time zone GitHub reads it as UTC."""

    cron: str
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """One event of `on:` with its filters; an empty filter filters nothing."""

    event: str
    branches: tuple[str, ...] = ()
    branches_ignore: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    paths_ignore: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    inputs: tuple[DispatchInput, ...] = ()


@dataclass(frozen=True, slots=True)
class StepFile:
    """One step as written."""

    name: str | None
    id: str | None
    uses: str | None
    run: str | None
    condition: str | None
    continue_on_error: bool
    arguments: Mapping[str, str] = field(default_factory=dict)
    """The scalars of `with:`."""

    @property
    def title(self) -> str:
        """The name that the API gives the step: its own, else `Run` with the action or the script's first line."""
        if self.name:
            return self.name
        first = self.uses or next((line.strip() for line in (self.run or "").splitlines() if line.strip()), "")
        return f"Run {first}"


@dataclass(frozen=True, slots=True)
class JobFile:
    """One job as written."""

    id: str
    name: str | None
    needs: tuple[str, ...]
    condition: str | None
    runs_on: tuple[str, ...]
    uses: str | None
    """A reusable workflow; such a job has no steps of its own."""
    environment: str | None
    continue_on_error: bool
    timeout_minutes: float | None
    has_matrix: bool
    permissions: Mapping[str, str] | None
    steps: tuple[StepFile, ...]


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A readable workflow file. `permissions` is None when the file is silent about them."""

    name: str | None
    triggers: tuple[Trigger, ...]
    jobs: tuple[JobFile, ...]
    permissions: Mapping[str, str] | None
    concurrency: str | None = None
    cancel_in_progress: bool = False

    def trigger(self, event: str) -> Trigger | None:
        """Returns the trigger for that event, or None."""
        return next((one for one in self.triggers if one.event == event), None)

    def job(self, job_id: str) -> JobFile | None:
        """Returns the job with that id, or None."""
        return next((one for one in self.jobs if one.id == job_id), None)
