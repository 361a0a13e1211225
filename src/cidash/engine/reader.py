"""Single questions for the command line, each answered by GitHub, else by what is stored, with its age."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from cidash.domain.ci import Job, PullRequest, Run
from cidash.domain.merge import DemandedCheck, ReportedCheck
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Budget, Part, SourceState
from cidash.engine import parts
from cidash.engine.repository_poll import RepositoryPoll
from cidash.github import log_queries, protection, queries
from cidash.github.query import Query

T = TypeVar("T")
_STORED_ATTEMPTS = 1_000
_NO_ANSWER = frozenset(
    {ProblemKind.UNREACHABLE, ProblemKind.SERVER_ERROR, ProblemKind.RATE_LIMITED, ProblemKind.BAD_ANSWER}
)


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are wanted; None wants all. `status` is one of GitHub's words for status or conclusion."""

    branch: str | None = None
    workflow: str | None = None
    """Name, path or file name, in any case."""
    status: str | None = None
    event: str | None = None
    actor: str | None = None

    def takes(self, run: Run) -> bool:
        """Returns whether the run is one of them, as far as the run itself tells."""
        return (
            self.branch in (None, run.branch)
            and self.status in (None, run.status, run.conclusion)
            and self.event in (None, run.event)
            and (self.actor is None or self.actor.casefold() == run.actor.casefold())
            and self.takes_workflow(run.workflow_name, run.workflow_path)
        )

    def takes_workflow(self, name: str, path: str) -> bool:
        """Returns whether a workflow of that name and path is the wanted one."""
        names = {name.casefold(), path.casefold(), path.rpartition("/")[2].casefold()}
        return self.workflow is None or self.workflow.casefold() in names


class Reader:
    """Asks conditionally through the engine's clients."""

    def __init__(self, polls: Iterable[RepositoryPoll]) -> None:
        self._polls: Mapping[RepositoryId, RepositoryPoll] = {poll.repository: poll for poll in polls}

    async def runs(self, repository: RepositoryId, wanted: RunFilter, limit: int) -> Part[tuple[Run, ...]]:
        """Returns the newest runs that are wanted, newest first, at most `limit`."""
        poll = self._polls[repository]
        names = ("branch", "status", "event", "actor")
        filters: list[tuple[str, str]] = [(name, value) for name in names if (value := getattr(wanted, name))]
        workflow_id: int | None = None
        if wanted.workflow is not None:
            known = await self._ask(poll, queries.workflows(repository))
            ids = [one.id for one in known.data or () if wanted.takes_workflow(one.name, one.path)]
            if known.state is SourceState.LIVE and not ids:
                return Part((), known.fetched_at, SourceState.LIVE)
            workflow_id = ids[0] if ids else None
        part = await self._ask(poll, log_queries.runs(repository, filters, limit, workflow_id))
        if part.data is None:
            part = self._stored_runs(poll, wanted, part)
        if part.data is None:
            return part
        found = [run for run in part.data if wanted.takes_workflow(run.workflow_name, run.workflow_path)]
        return Part(tuple(found[:limit]), part.fetched_at, part.state, part.problem)

    async def run(self, repository: RepositoryId, run_id: int, attempt: int | None = None) -> Part[Run]:
        """Returns the run at its newest attempt, or at the named one."""
        poll = self._polls[repository]
        query = queries.run(repository, run_id)
        if attempt is not None:
            query = queries.attempt(repository, run_id, attempt)
        part = await self._ask(poll, query)
        if part.data is not None:
            return part
        stored = self._stored_runs(poll, RunFilter(), Part())
        matching = [run for run in stored.data or () if run.id == run_id and attempt in (None, run.attempt)]
        if not matching:
            return part
        newest = max(matching, key=lambda run: run.attempt)
        return Part(newest, stored.fetched_at, SourceState.FAILING, part.problem)

    async def jobs(self, run: Run) -> Part[tuple[Job, ...]]:
        """Returns the jobs listed under the run's attempt."""
        poll = self._polls[run.repository]
        part = await self._ask(poll, queries.jobs(run.repository, run.id, run.attempt))
        if part.data is None and (kept := poll.history.jobs(run.id, run.attempt)) is not None:
            return Part(kept, run.updated_at, SourceState.FAILING, part.problem)
        return part

    async def job(self, repository: RepositoryId, job_id: int) -> Part[Job]:
        """Returns one job by its id."""
        poll = self._polls[repository]
        part = await self._ask(poll, log_queries.job(repository, job_id))
        if part.data is not None:
            return part
        for attempt in poll.history.attempts(limit=_STORED_ATTEMPTS):
            for job in attempt.jobs:
                if job.id == job_id:
                    return Part(job, attempt.run.updated_at, SourceState.FAILING, part.problem)
        return part

    async def ask_runs(self, repository: RepositoryId, filters: Sequence[tuple[str, str]]) -> tuple[Run, ...]:
        """Returns the newest hundred runs that GitHub's filters let through; raises SourceError."""
        return await self._fetch(repository, log_queries.runs(repository, filters, 100))

    async def ask_run(self, repository: RepositoryId, run_id: int) -> Run:
        """Returns one run at its newest attempt; raises SourceError."""
        return await self._fetch(repository, queries.run(repository, run_id))

    async def ask_jobs(self, run: Run) -> tuple[Job, ...]:
        """Returns the jobs of the run's attempt; raises SourceError."""
        return await self._fetch(run.repository, queries.jobs(run.repository, run.id, run.attempt))

    async def ask_pull(self, repository: RepositoryId, number: int) -> PullRequest:
        """Returns one pull request; raises SourceError."""
        return await self._fetch(repository, queries.pull(repository, number))

    async def ask_branch_head(self, repository: RepositoryId, branch: str) -> str:
        """Returns the SHA of the branch's newest commit; raises SourceError."""
        return await self._fetch(repository, log_queries.branch_head(repository, branch))

    async def required_checks(self, repository: RepositoryId, branch: str) -> tuple[DemandedCheck, ...]:
        """Returns the checks that the branch requires, as far as this token may know; raises SourceError."""
        found: dict[DemandedCheck, None] = {}
        for query in (protection.branch_rules(repository, branch), protection.branch_summary(repository, branch)):
            try:
                told: Any = await self._fetch(repository, query)
            except SourceError as error:
                if error.problem.kind in _NO_ANSWER:
                    raise
                continue
            for demands in told if isinstance(told, tuple) else (told,):
                found.update(dict.fromkeys(demands.checks or ()))
        return tuple(found)

    async def reported_checks(self, repository: RepositoryId, head_sha: str) -> tuple[ReportedCheck, ...] | None:
        """Returns the checks and statuses of a commit, None where this token may not know; raises SourceError."""
        found: list[ReportedCheck] = []
        for query in (protection.check_runs(repository, head_sha), protection.statuses(repository, head_sha)):
            try:
                told: tuple[ReportedCheck, ...] = await self._fetch(repository, query)
            except SourceError as error:
                if error.problem.kind in _NO_ANSWER:
                    raise
                return None
            found += told
        return tuple(found)

    def budget(self, repository: RepositoryId) -> Budget:
        """Returns the rate limit of the repository's host."""
        return self._polls[repository].client.budget

    async def _fetch(self, repository: RepositoryId, query: Query[T]) -> T:
        return (await self._polls[repository].client.fetch(query)).data

    async def _ask(self, poll: RepositoryPoll, query: Query[T]) -> Part[T]:
        """Returns the answer, else the stored one with the problem beside it."""
        try:
            reading = await poll.client.fetch(query)
        except SourceError as error:
            problem = error.problem
        else:
            return parts.read(reading.data, reading.fetched_at)
        return self._recalled(poll, query, problem)

    @staticmethod
    def _recalled(poll: RepositoryPoll, query: Query[T], problem: Problem) -> Part[T]:
        stored = poll.client.recall(query) if problem.kind in _NO_ANSWER else None
        if stored is None:
            return Part(None, None, SourceState.FAILING, problem)
        return Part(stored.data, stored.fetched_at, SourceState.FAILING, problem)

    @staticmethod
    def _stored_runs(poll: RepositoryPoll, wanted: RunFilter, part: Part[tuple[Run, ...]]) -> Part[tuple[Run, ...]]:
        """Returns what the last list of runs and the history know together."""
        if part.problem is not None and part.problem.kind not in _NO_ANSWER:
            return part
        listed = poll.client.recall(queries.recent_runs(poll.repository))
        kept = [attempt.run for attempt in poll.history.attempts(limit=_STORED_ATTEMPTS, steps=False)]
        newest: dict[int, Run] = {}
        for run in (*(listed.data if listed else ()), *kept):
            if run.id not in newest or run.attempt > newest[run.id].attempt:
                newest[run.id] = run
        if not newest:
            return part
        runs = sorted((run for run in newest.values() if wanted.takes(run)), key=_created, reverse=True)
        read_at = listed.fetched_at if listed else max(run.updated_at for run in newest.values())
        return Part(tuple(runs), read_at, SourceState.FAILING, part.problem)


def _created(run: Run) -> tuple[datetime, int]:
    return (run.created_at, run.id)
