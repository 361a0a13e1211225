"""Fills the history politely: the jobs of finished runs and the cache states in their logs, newest first, once each."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from cidash.analysis.duration import executed_jobs
from cidash.domain.ci import Attempt, Job, Run
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.state import State
from cidash.domain.target import Target
from cidash.engine.cache_logs import CacheLogs
from cidash.engine.repository_poll import RepositoryPoll
from cidash.github import queries

AT_ONCE = 2
RUNS_PER_WORKFLOW = 100
_HAS_LOG = frozenset({State.SUCCESS, State.FAILURE, State.TIMED_OUT, State.CANCELLED})
_GONE = frozenset({ProblemKind.NOT_FOUND, ProblemKind.FORBIDDEN, ProblemKind.REFUSED, ProblemKind.BAD_ANSWER})


class Collector:
    """Knows what the history still lacks. Logs of watched runs go first, then attempts, then logs of the past."""

    def __init__(
        self,
        polls: Sequence[RepositoryPoll],
        targets: Sequence[Target],
        on_change: Callable[[], None],
        on_request: Callable[[RepositoryId], None],
    ) -> None:
        self._polls = {poll.repository: poll for poll in polls}
        self._cache_workflows = {target.workflow for target in targets if target.cache is not None}
        self._timed_workflows = {target.workflow for target in targets if target.workflow}
        self._on_change = on_change
        self._on_request = on_request
        self._attempts: OrderedDict[tuple[RepositoryId, int, int], Run] = OrderedDict()
        self._logs: OrderedDict[tuple[RepositoryId, int], tuple[Run, Job]] = OrderedDict()
        self._readers = {poll.repository: CacheLogs(poll.repository, poll.client, poll.history) for poll in polls}
        self._surveyed: set[RepositoryId] = set()
        self.wake = asyncio.Event()
        for poll in polls:
            poll.on_jobs = self.see_jobs
            poll.on_finished = self.see_attempt

    # -- what is wanted -----------------------------------------------------------------------------------------

    def see_jobs(self, repository: RepositoryId, run: Run, jobs: tuple[Job, ...]) -> None:
        """Notes the jobs of a shown run: the log of one that has ended is wanted at once."""
        self._want_logs(repository, run, executed_jobs(Attempt(run, jobs)), first=True)

    def see_attempt(self, repository: RepositoryId, attempt: Attempt) -> None:
        """Notes a finished attempt that was just written into the history."""
        self._attempts.pop((repository, *attempt.run.key), None)
        if {attempt.run.workflow_name, attempt.run.workflow_path} & self._cache_workflows:
            self._want_logs(repository, attempt.run, executed_jobs(attempt), first=False)
        self._on_change()

    def see_runs(self, repository: RepositoryId, runs: Iterable[Run]) -> None:
        """Notes finished runs: those that the history lacks are wanted, the runs of timed workflows first."""
        history = self._polls[repository].history
        finished = [run for run in runs if run.status == "completed"]
        known = history.known([run.key for run in finished])
        lacking = [run for run in finished if run.key not in known]
        lacking.sort(key=lambda run: run.workflow_name not in self._timed_workflows)
        for run in lacking:
            self._attempts.setdefault((repository, *run.key), run)
        if lacking:
            self.wake.set()

    @property
    def idle(self) -> bool:
        """Whether nothing is wanted at present."""
        return not self._attempts and not self._logs

    def _want_logs(self, repository: RepositoryId, run: Run, jobs: Iterable[Job], *, first: bool) -> None:
        ended = [job for job in jobs if job.status == "completed" and job.state in _HAS_LOG]
        known = self._polls[repository].history.cache_states([job.id for job in ended])
        for job in ended:
            key = (repository, job.id)
            if job.id in known or key in self._logs:
                continue
            self._logs[key] = (run, job)
            if first:
                self._logs.move_to_end(key, last=False)
            self.wake.set()

    # -- getting it ---------------------------------------------------------------------------------------------

    async def collect(self, requests: int) -> int:
        """Makes at most that many requests for what is wanted; returns how many it made.

        Raises:
            SourceError: a problem of the whole source, such as a limit or no connection; what was wanted stays wanted.
        """
        for poll in self._polls.values():
            await self._survey(poll)
        made = 0
        while made < requests and not self.idle:
            batch = [task for task in (self._next() for _ in range(min(AT_ONCE, requests - made))) if task is not None]
            made += len(batch)
            results = await asyncio.gather(*batch, return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            self._on_change()
        return made

    async def _survey(self, poll: RepositoryPoll) -> None:
        """Once per repository: asks for the past runs of the workflows that targets are about."""
        if poll.repository in self._surveyed:
            return
        workflows = await poll.client.fetch(queries.workflows(poll.repository))
        for workflow in workflows.data:
            if {workflow.name, workflow.path} & self._timed_workflows:
                runs = await poll.client.fetch(
                    queries.workflow_runs(poll.repository, workflow.id, per_page=RUNS_PER_WORKFLOW)
                )
                self.see_runs(poll.repository, runs.data)
        self._surveyed.add(poll.repository)

    def _next(self) -> "asyncio.Future[None] | None":
        if self._logs:
            (repository, _), (run, job) = self._logs.popitem(last=False)
            return asyncio.ensure_future(self._read_log(repository, run, job))
        if self._attempts:
            (repository, _, _), run = self._attempts.popitem(last=False)
            return asyncio.ensure_future(self._read_attempt(repository, run))
        return None

    async def _read_attempt(self, repository: RepositoryId, run: Run) -> None:
        poll = self._polls[repository]
        self._on_request(repository)
        try:
            reading = await poll.client.fetch(queries.jobs(repository, run.id, run.attempt))
        except SourceError as error:
            if error.problem.kind not in _GONE:
                self._attempts[(repository, *run.key)] = run
                raise
            return
        poll.keep(Attempt(run, reading.data))

    async def _read_log(self, repository: RepositoryId, run: Run, job: Job) -> None:
        self._on_request(repository)
        try:
            await self._readers[repository].read(run, job)
        except SourceError:
            self._logs[(repository, job.id)] = (run, job)
            raise
