"""Carries out one command on GitHub: sends it, and says by looking again what became of it."""

from collections.abc import Callable
from dataclasses import dataclass

from cidash.domain.ci import Run
from cidash.domain.command import GitHubCommand, Rerun
from cidash.domain.github_command import (
    ApproveRun,
    CancelRun,
    DeleteCache,
    DispatchWorkflow,
    MergePull,
    ReviewDeployment,
    RunAt,
    SetWorkflow,
)
from cidash.engine.repository_poll import RepositoryPoll
from cidash.engine.write import Write
from cidash.github import acting_queries, queries
from cidash.github.actions import GitHubActions


@dataclass(slots=True)
class _Sent:
    """What all writes to GitHub share."""

    actions: GitHubActions
    poll: RepositoryPoll

    async def _run(self, run_id: int) -> Run:
        """Reads the run and puts it on the board."""
        run = (await self.poll.client.fetch(queries.run(self.poll.repository, run_id))).data
        self.poll.note_run(run)
        return run

    def unseen(self) -> str | None:
        return None


@dataclass(slots=True)
class _RerunWrite(_Sent):
    command: Rerun

    async def send(self) -> None:
        await self.actions.send(self.command)

    async def look(self) -> str | None:
        reading = await self.poll.client.fetch(queries.run(self.command.repository, self.command.run_id))
        if reading.data.attempt <= self.command.attempt:
            return None
        self.poll.note_run(reading.data)
        return f"{self.command.workflow_name} of {self.command.branch} runs again: attempt {reading.data.attempt}."


@dataclass(slots=True)
class _CancelWrite(_Sent):
    command: CancelRun

    async def send(self) -> None:
        await self.actions.send(self.command)

    async def look(self) -> str | None:
        at = self.command.run
        run = await self._run(at.id)
        if run.attempt != at.attempt:
            return f"{at.name} is over: attempt {run.attempt} has begun since."
        if run.status != "completed":
            return None
        if run.conclusion == "cancelled":
            return f"{at.name} is cancelled."
        return f"{at.name} ended as {run.conclusion or 'unknown'} before the cancel took hold."

    def unseen(self) -> str | None:
        goes_on = f"{self.command.sentence}: accepted, but the run goes on."
        return goes_on + ("" if self.command.force else " Its last steps may need minutes, or force the cancel.")


@dataclass(slots=True)
class _ApproveWrite(_Sent):
    command: ApproveRun

    async def send(self) -> None:
        await self.actions.send(self.command)

    async def look(self) -> str | None:
        run = await self._run(self.command.run.id)
        waits = run.conclusion == "action_required" or run.status == "action_required"
        return None if waits else f"{_short(self.command.run)} may run: it is {run.state.value.replace('_', ' ')}."


@dataclass(slots=True)
class _ReviewWrite(_Sent):
    command: ReviewDeployment
    _before: int | None = None

    async def send(self) -> None:
        self._before = await self._answers()
        await self.actions.send(self.command)

    async def look(self) -> str | None:
        run_id = self.command.run.id
        waiting = (await self.poll.client.fetch(acting_queries.pending_deployments(self.poll.repository, run_id))).data
        if {one.environment.id for one in waiting} & {one.id for one in self.command.environments}:
            return None
        if await self._answers() <= (self._before or 0):
            return None
        names = ", ".join(one.name for one in self.command.environments)
        word = "approved" if self.command.approve else "rejected"
        return f"The deployment to {names} of {_short(self.command.run)} is {word}."

    async def _answers(self) -> int:
        """Returns how many answers like ours the run has."""
        reviews = (await self.poll.client.fetch(acting_queries.reviews(self.poll.repository, self.command.run.id))).data
        wanted = {one.id for one in self.command.environments}
        return sum(
            one.approved == self.command.approve and bool(wanted.intersection(one.environment_ids)) for one in reviews
        )


@dataclass(slots=True)
class _MergeWrite(_Sent):
    command: MergePull

    async def send(self) -> None:
        await self.actions.send(self.command)

    async def look(self) -> str | None:
        pull = (await self.poll.client.fetch(queries.pull(self.command.repository, self.command.number))).data
        if not pull.merged:
            return None
        self.poll.expect_news()
        if pull.head_sha != self.command.head_sha:
            return f"#{pull.number} is merged, but at {pull.short_sha}: somebody else was faster."
        return f"#{pull.number} is merged into {pull.base_branch}."


@dataclass(slots=True)
class _DispatchWrite(_Sent):
    command: DispatchWorkflow
    _known: frozenset[int] = frozenset()
    _started: int | None = None

    async def send(self) -> None:
        """The runs that are there before are remembered: an answer may be lost, or not name the new run."""
        self._known = frozenset(run.id for run in await self._newest())
        answer = await self.actions.send(self.command)
        self._started = acting_queries.started_run(answer.body)

    async def look(self) -> str | None:
        if self._started is not None:
            return self._seen(await self._run(self._started))
        for run in await self._newest():
            if run.id not in self._known and run.event == "workflow_dispatch" and run.branch == self._branch:
                self.poll.note_run(run)
                return self._seen(run)
        return None

    @property
    def _branch(self) -> str:
        return self.command.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")

    def _seen(self, run: Run) -> str:
        who = f" by {run.actor}" if run.actor and self._started is None else ""
        return f"{self.command.workflow_name} #{run.number} was started{who} on {self.command.ref} (run {run.id})."

    async def _newest(self) -> tuple[Run, ...]:
        query = queries.workflow_runs(self.command.repository, self.command.workflow_id, per_page=20)
        return (await self.poll.client.fetch(query)).data


@dataclass(slots=True)
class _WorkflowWrite(_Sent):
    command: SetWorkflow

    async def send(self) -> None:
        await self.actions.send(self.command)

    async def look(self) -> str | None:
        query = acting_queries.workflow(self.command.repository, self.command.workflow_id)
        workflow = (await self.poll.client.fetch(query)).data
        self.poll.note_workflow(workflow)
        if (workflow.state == "active") is not self.command.enabled or workflow.state == "unknown":
            return None
        return f"Workflow {workflow.name} is {'enabled' if self.command.enabled else 'disabled'}."


@dataclass(slots=True)
class _DeleteCacheWrite(_Sent):
    command: DeleteCache

    async def send(self) -> None:
        await self.actions.send(self.command)

    async def look(self) -> str | None:
        query = acting_queries.caches(self.command.repository, self.command.key)
        left = (await self.poll.client.fetch(query)).data
        if any(one.id == self.command.entry_id for one in left):
            return None
        return f"Cache entry {self.command.key} of {self.command.ref} is deleted."


def _short(run: RunAt) -> str:
    return f"{run.workflow_name} of {run.branch} at {run.short_sha}"


_WRITES: dict[type, Callable[..., Write]] = {
    Rerun: _RerunWrite,
    CancelRun: _CancelWrite,
    ApproveRun: _ApproveWrite,
    ReviewDeployment: _ReviewWrite,
    MergePull: _MergeWrite,
    DispatchWorkflow: _DispatchWrite,
    SetWorkflow: _WorkflowWrite,
    DeleteCache: _DeleteCacheWrite,
}


def write_of(command: GitHubCommand, actions: GitHubActions, poll: RepositoryPoll) -> Write:
    """Returns the command, ready to be sent and looked after."""
    return _WRITES[type(command)](actions, poll, command)
