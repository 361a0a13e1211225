"""Keeps one repository's part of the snapshot true: runs, pull requests, workflows and the jobs that matter."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from cidash.analysis.cache_states import step_states
from cidash.domain.ci import Attempt, Job, Run, Workflow
from cidash.domain.clock import Clock
from cidash.domain.problem import Problem, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Part, SourceState
from cidash.engine import parts
from cidash.engine.board import Board
from cidash.engine.cadence import Activity, Pace, activity_of
from cidash.engine.kept import KeptAttempts
from cidash.engine.merge_poll import MergePoll
from cidash.engine.shown_runs import merged_runs, missing_heads, shown_runs
from cidash.engine.workflow_files import WorkflowFiles
from cidash.github import queries
from cidash.github.client import GitHubClient
from cidash.github.query import Query

T = TypeVar("T")

SLOW_SECONDS = 600.0
"""Names and the default branch hardly ever change."""
MISSING_HEAD_SECONDS = 60.0
_SETTLED = timedelta(seconds=60)
_JOBS_KEPT = 60


class RepositoryPoll:
    """Asks GitHub for one repository, writes what is finished into the history, and puts all of it on the board."""

    def __init__(
        self,
        repository: RepositoryId,
        client: GitHubClient,
        history: KeptAttempts,
        board: Board,
        clock: Clock,
        pace: Pace,
        *,
        workflows: tuple[str, ...] = (),
    ) -> None:
        self.repository = repository
        self.client = client
        self.history = history
        self.selected: tuple[int, int | None] | None = None
        self.selected_pull: int | None = None
        self.merge = MergePoll(repository, client, board, clock)
        self.files = WorkflowFiles(repository, client, board, clock)
        self.on_finished: Callable[[RepositoryId, Attempt], None] | None = None
        self.on_jobs: Callable[[RepositoryId, Run, tuple[Job, ...]], None] | None = None
        self._board = board
        self._clock = clock
        self._pace = pace
        self._workflows = frozenset(workflows)
        self._due: dict[str, float] = {}
        self._other_runs: dict[int, Run] = {}
        self._listed: Part[tuple[Run, ...]] = Part()

    # -- from the history ---------------------------------------------------------------------------------------

    def open(self) -> None:
        """Puts what the history holds on the board, without any network."""
        now = self._board.repository(self.repository)
        branch = self.client.recall(queries.repository(self.repository))
        pulls = self.client.recall(queries.pulls(self.repository))
        runs = self.client.recall(queries.recent_runs(self.repository))
        workflows = self.client.recall(queries.workflows(self.repository))
        if runs:
            self._listed = parts.remembered(runs.data, runs.fetched_at)
        self._board.put_repository(
            replace(
                now,
                default_branch=branch.data if branch else None,
                pulls=parts.remembered(pulls.data, pulls.fetched_at) if pulls else Part(),
                runs=self._visible(self._listed),
                workflows=parts.remembered(workflows.data, workflows.fetched_at) if workflows else Part(),
            )
        )
        self._fill_jobs_from_history()
        self.refresh_statistics()

    def refresh_statistics(self) -> None:
        """Reads the typical durations and cache states anew from the history."""
        now = self._board.repository(self.repository)
        paths = {run.workflow_path for run in now.runs.data or ()}
        job_ids = [job.id for part in now.jobs.values() for job in part.data or ()]
        told = self.history.job_caches(job_ids)
        jobs = (job for part in now.jobs.values() for job in part.data or () if job.id in told)
        self._board.put_repository(
            replace(
                now,
                step_caches={job.id: step_states(job, told[job.id]) for job in jobs},
                typical=self.history.typical(paths),
                typical_runs=self.history.typical_runs(paths),
                caches=self.history.cache_states(job_ids),
            )
        )

    def _fill_jobs_from_history(self) -> None:
        now = self._board.repository(self.repository)
        jobs = dict(now.jobs)
        for run in shown_runs(now, self._selected_run()):
            if run.key not in jobs and (found := self.history.jobs(*run.key)) is not None:
                jobs[run.key] = Part(found, run.updated_at, SourceState.LIVE)
        if len(jobs) != len(now.jobs):
            self._board.put_repository(replace(now, jobs=jobs))

    # -- from GitHub --------------------------------------------------------------------------------------------

    def activity(self) -> Activity:
        """Returns how lively the repository is, by its known runs."""
        return activity_of(self._board.repository(self.repository).runs.data or (), self._clock.now())

    def wants_selected(self) -> bool:
        """Returns whether the selected run's jobs are not known in full."""
        run = self._selected_run()
        if run is None:
            return self.selected is not None
        part = self._board.repository(self.repository).jobs.get(run.key)
        return part is None or part.data is None or not self._is_final(run, part.data)

    def expect_news(self) -> None:
        """Makes the next round ask for everything but the names again."""
        for what in ("pulls", "heads"):
            self._due.pop(what, None)
        self.merge.expect_news()

    def note_run(self, run: Run) -> None:
        """Puts a run that was read by itself on the board; a list that lags behind does not undo it."""
        self._other_runs[run.id] = run
        now = self._board.repository(self.repository)
        self._board.put_repository(replace(now, runs=self._visible(self._listed)))

    def note_workflow(self, workflow: Workflow) -> None:
        """Puts a workflow that was read by itself in the place of the one with its id."""
        now = self._board.repository(self.repository)
        if now.workflows.data is not None:
            listed = tuple(workflow if one.id == workflow.id else one for one in now.workflows.data)
            self._board.put_repository(replace(now, workflows=replace(now.workflows, data=listed)))

    async def round(self) -> Problem | None:
        """Asks once for everything that is due; returns the first problem, or None when all was answered."""
        problems = list(await asyncio.gather(self._read_runs(), self._read_pulls(), self._read_names()))
        if not any(problems):
            problems.append(await self._read_missing_heads())
        problems.append(await self._read_older_attempt())
        self._fill_jobs_from_history()
        problems.append(await self._read_jobs())
        await self._read_attempt_before()
        await self.files.round(self._going_on())
        await self.merge.round(self._looked_at())
        return next((problem for problem in problems if problem), None)

    async def _read_runs(self) -> Problem | None:
        self._listed, problem = await self._read(self._listed, queries.recent_runs(self.repository))
        now = self._board.repository(self.repository)
        self._board.put_repository(replace(now, runs=self._visible(self._listed)))
        return problem

    async def _read_pulls(self) -> Problem | None:
        if not self._is_due("pulls", self._pace.recent_seconds):
            return None
        part, problem = await self._read(
            self._board.repository(self.repository).pulls, queries.pulls(self.repository), "pulls"
        )
        self._board.put_repository(replace(self._board.repository(self.repository), pulls=part))
        return problem

    async def _read_names(self) -> Problem | None:
        if not self._is_due("names", SLOW_SECONDS):
            return None
        now = self._board.repository(self.repository)
        part, problem = await self._read(now.workflows, queries.workflows(self.repository), "names")
        branch = now.default_branch
        if problem is None:
            unread: Part[str] = Part()
            found, problem = await self._read(unread, queries.repository(self.repository), "names")
            branch = found.data or branch
        now = self._board.repository(self.repository)
        self._board.put_repository(replace(now, workflows=part, default_branch=branch))
        return problem

    async def _read_missing_heads(self) -> Problem | None:
        """Asks for the runs of pull request heads that are too old for the list of recent runs."""
        now = self._board.repository(self.repository)
        heads = missing_heads(now)
        if not heads or not self._is_due("heads", MISSING_HEAD_SECONDS):
            return None
        for head in heads:
            unread: Part[tuple[Run, ...]] = Part()
            part, problem = await self._read(unread, queries.recent_runs(self.repository, None, head))
            if problem:
                return problem
            self._other_runs.update({run.id: run for run in part.data or ()})
        now = self._board.repository(self.repository)
        self._board.put_repository(replace(now, runs=self._visible(self._listed)))
        return None

    async def _read_older_attempt(self) -> Problem | None:
        """Reads the selected older attempt itself: conclusion and times of the newest one are not its own."""
        if self.selected is None or self.selected[1] is None or self._selected_run() is not None:
            return None
        run_id, attempt = self.selected[0], self.selected[1]
        if self._board.repository(self.repository).run(run_id) is None:
            return None
        unread: Part[Run] = Part()
        part, problem = await self._read(unread, queries.attempt(self.repository, run_id, attempt))
        if part.data is not None:
            now = self._board.repository(self.repository)
            older = {**now.older_attempts, part.data.key: part.data}
            self._board.put_repository(replace(now, older_attempts=older))
        return problem

    async def _read_attempt_before(self) -> None:
        """Reads once what the attempt before the selected one had, to stand beside it; without it nothing is lost."""
        selected = self._selected_run()
        if selected is None or selected.attempt < 2:
            return
        key = (selected.id, selected.attempt - 1)
        now = self._board.repository(self.repository)
        if key in now.jobs:
            return
        part: Part[tuple[Job, ...]] = Part(self.history.jobs(*key), selected.started_at, SourceState.LIVE)
        if part.data is None:
            unread: Part[tuple[Job, ...]] = Part()
            part, _ = await self._read(unread, queries.jobs(self.repository, *key))
        now = self._board.repository(self.repository)
        self._board.put_repository(replace(now, jobs={**now.jobs, key: part}))

    def _going_on(self) -> tuple[Run, ...]:
        """Returns the runs whose end is foretold: those that are shown and go on."""
        shown = shown_runs(self._board.repository(self.repository), self._selected_run())
        return tuple(run for run in shown if run.state.is_active)

    async def _read_jobs(self) -> Problem | None:
        selected = self._selected_run()
        now = self._board.repository(self.repository)
        shown = shown_runs(now, selected)
        wanted = [run for run in shown if self._wants_jobs(run, selected)]
        problems = await asyncio.gather(*(self._read_jobs_of(run) for run in wanted))
        kept = {run.key for run in shown} | ({selected.key} if selected else set())
        kept |= {(run_id, attempt - 1) for run_id, attempt in kept}
        now = self._board.repository(self.repository)
        if len(now.jobs) > _JOBS_KEPT:
            self._board.put_repository(replace(now, jobs={key: part for key, part in now.jobs.items() if key in kept}))
        return next((problem for problem in problems if problem), None)

    def _wants_jobs(self, run: Run, selected: Run | None) -> bool:
        part = self._board.repository(self.repository).jobs.get(run.key)
        if part is not None and part.data is not None and self._is_final(run, part.data):
            return False
        if selected is not None and run.id == selected.id:
            return True
        return self._is_due(f"jobs {run.id}", self._pace.recent_seconds)

    async def _read_jobs_of(self, run: Run) -> Problem | None:
        unread: Part[tuple[Job, ...]] = Part()
        before = self._board.repository(self.repository).jobs.get(run.key, unread)
        part, problem = await self._read(before, queries.jobs(self.repository, run.id, run.attempt))
        now = self._board.repository(self.repository)
        self._board.put_repository(replace(now, jobs={**now.jobs, run.key: part}))
        if problem is None and part.data is not None:
            if self.on_jobs is not None:
                self.on_jobs(self.repository, run, part.data)
            if self._is_final(run, part.data):
                self.keep(Attempt(run, part.data))
        return problem

    def keep(self, attempt: Attempt) -> None:
        """Writes a finished attempt into the history and tells the collector."""
        self.history.save(attempt)
        if self.on_finished is not None:
            self.on_finished(self.repository, attempt)

    def _is_final(self, run: Run, jobs: Iterable[Job]) -> bool:
        """Whether nothing of the attempt can change: GitHub may call the run completed before its last job."""
        jobs = tuple(jobs)
        if run.status != "completed" or any(job.status != "completed" for job in jobs):
            return False
        return bool(jobs) or self._clock.now() - run.updated_at > _SETTLED

    # -- small parts --------------------------------------------------------------------------------------------

    async def _read(self, part: Part[T], query: Query[T], due: str | None = None) -> tuple[Part[T], Problem | None]:
        try:
            reading = await self.client.fetch(query)
        except SourceError as error:
            if due is not None:
                self._due.pop(due, None)  # not answered: still due
            return parts.failed(part, error.problem), error.problem
        return parts.read(reading.data, reading.fetched_at), None

    def _looked_at(self) -> tuple[int, ...]:
        """Returns the number of the pull request that is looked at: chosen by itself, or by its head's run."""
        if self.selected_pull is not None:
            return (self.selected_pull,)
        run = self._selected_run()
        pulls = self._board.repository(self.repository).pulls.data or ()
        return tuple(pull.number for pull in pulls if run is not None and pull.head_sha == run.head_sha)[:1]

    def _selected_run(self) -> Run | None:
        if self.selected is None:
            return None
        run_id, attempt = self.selected
        run = self._board.repository(self.repository).run(run_id)
        if run is None or attempt is None or attempt == run.attempt:
            return run
        return self._board.repository(self.repository).older_attempts.get((run_id, attempt))

    def _visible(self, listed: Part[tuple[Run, ...]]) -> Part[tuple[Run, ...]]:
        if listed.data is None:
            return listed
        runs = merged_runs(listed.data, self._other_runs.values())
        if self._workflows:
            runs = tuple(
                run for run in runs if run.workflow_name in self._workflows or run.workflow_path in self._workflows
            )
        return replace(listed, data=runs)

    def _is_due(self, what: str, seconds: float) -> bool:
        now = self._clock.monotonic()
        if now < self._due.get(what, float("-inf")):
            return False
        self._due[what] = now + seconds
        return True
