"""Everything about the caches of one repository: from the history at once, from GitHub when it is asked for."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from cidash.analysis.cache_autopsy import Clues, Miss, autopsy, last_misses, lines_wanted, reference
from cidash.analysis.cache_ledger import ledger, uses_of
from cidash.analysis.cache_states import named
from cidash.analysis.cache_storage import storage
from cidash.analysis.workflow_file.parse import WorkflowFileError, parse_workflow
from cidash.domain.cache import JobCaches
from cidash.domain.cache_ledger import CacheReport, CacheStorage
from cidash.domain.ci import Attempt
from cidash.domain.clock import Clock
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.text import clean
from cidash.domain.workflow_file import WorkflowFile
from cidash.engine.board import Board
from cidash.engine.repository_poll import RepositoryPoll
from cidash.github import acting_queries, cache_queries, past_queries
from cidash.github.client import GitHubClient, Reading
from cidash.github.query import Query
from cidash.history.store import HistoryError

T = TypeVar("T")

MOST_ATTEMPTS = 1_500
"""How many of the newest attempts the ledger is about."""
FILES_AT_ONCE = 40
"""Workflow files asked for in one reading; the rest follows in the next."""
_MOST_AUTOPSIES = 8
_LINE = 300
_NOT_TOLD = frozenset({ProblemKind.NOT_FOUND, ProblemKind.FORBIDDEN, ProblemKind.REFUSED, ProblemKind.BAD_ANSWER})


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """What the configuration says of caches."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Name by pattern of a cache's default name, step or key."""
    quota_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    attempts: tuple[Attempt, ...]
    caches: Mapping[int, JobCaches]


@dataclass(frozen=True, slots=True)
class Purse:
    """What the desks may spend of a host's rate limit, so that they never slow down the polling."""

    spare: Callable[[RepositoryId], int] = lambda _: FILES_AT_ONCE
    """How many requests may be made now."""
    note: Callable[[RepositoryId], None] = lambda _: None
    """Told of each request."""


class CacheDesk:
    """Answers for one repository. What was found out about a miss is remembered: it does not change."""

    def __init__(
        self,
        poll: RepositoryPoll,
        clock: Clock,
        settings: CacheSettings,
        default_branch: Callable[[], str | None],
        base_branch: Callable[[str | None], str | None],
        purse: "Purse",
    ) -> None:
        self._poll = poll
        self._clock = clock
        self.settings = settings
        self._purse = purse
        self._default_branch = default_branch
        self._base_branch = base_branch
        self._clues: dict[tuple[int, int, str], Clues] = {}
        self._limit: tuple[int | None] | None = None

    async def known(self) -> CacheReport:
        """Returns what the history and the stored answers give, without asking anybody."""
        kept, problem = await self._kept()
        stored, at = self._recalled()
        return await self._report(kept, stored, at, (problem,) if problem is not None else ())

    async def read(self, files: int = FILES_AT_ONCE) -> CacheReport:
        """Asks for the entries, for workflow files that the ledger lacks, and for what explains the last misses.

        A part that could not be read keeps what was stored, and its problem stands in the report.

        Args:
            files: at most so many workflow files are asked for.
        """
        problems: list[Problem] = []
        stored, at = self._recalled()
        try:
            stored, at = await self._read_storage()
        except SourceError as error:
            problems.append(error.problem)
        kept, problem = await self._kept()
        if problem is not None:
            problems.append(problem)
        try:
            most = min(files, self._purse.spare(self._repository))
            if not problems and await self._read_files(kept, most):
                kept, _ = await self._kept()
            if not problems:
                await self._read_clues(kept)
        except SourceError as error:
            problems.append(error.problem)
        return await self._report(kept, stored, at, tuple(problems))

    # -- putting it together ------------------------------------------------------------------------------------

    async def _report(
        self, kept: _Kept, stored: CacheStorage | None, at: datetime | None, problems: tuple[Problem, ...]
    ) -> CacheReport:
        """Weighs everything in a thread of its own: a key press must not wait for statistics."""
        now = self._clock.now()

        def weigh() -> CacheReport:
            accounts = ledger(kept.attempts, kept.caches, now)
            misses = last_misses(kept.attempts, kept.caches)
            autopsies = tuple(autopsy(miss, self._all_clues(miss, stored)) for miss in misses)
            return CacheReport(self._repository, now, accounts, autopsies, stored, at, problems)

        return await asyncio.to_thread(weigh)

    def _all_clues(self, miss: Miss, stored: CacheStorage | None) -> Clues:
        found = self._clues.get(_key(miss), Clues())
        entries = None if stored is None else tuple(one for group in stored.groups for one in group.entries)
        return replace(
            found,
            entries=entries,
            storage=stored,
            default_branch=self._default_branch(),
            base_branch=self._base_branch(miss.seen.run.branch),
        )

    async def _kept(self) -> tuple[_Kept, Problem | None]:
        """Reads the history in a thread of its own: thousands of attempts take longer than a frame."""
        try:
            return await asyncio.to_thread(self._from_history), None
        except HistoryError as error:
            return _Kept((), {}), Problem(ProblemKind.SERVER_ERROR, str(error))

    def _from_history(self) -> _Kept:
        history = self._poll.history.store
        attempts = tuple(history.attempts(limit=MOST_ATTEMPTS, steps=False))
        found = history.job_caches([job.id for attempt in attempts for job in attempt.jobs])
        return _Kept(attempts, {key: named(one, self.settings.names) for key, one in found.items()})

    # -- from GitHub --------------------------------------------------------------------------------------------

    @property
    def _client(self) -> GitHubClient:
        return self._poll.client

    @property
    def _repository(self) -> RepositoryId:
        return self._poll.repository

    async def _ask(self, query: Query[T]) -> Reading[T]:
        self._purse.note(self._repository)
        return await self._client.fetch(query)

    def _recalled(self) -> tuple[CacheStorage | None, datetime | None]:
        entries = self._client.recall(acting_queries.caches(self._repository))
        if entries is None:
            return None, None
        usage = self._client.recall(cache_queries.usage(self._repository))
        limit = self._client.recall(cache_queries.storage_limit(self._repository))
        quota = self.settings.quota_bytes or (limit.data if limit is not None else None)
        return storage(entries.data, usage.data if usage is not None else None, quota), entries.fetched_at

    async def _read_storage(self) -> tuple[CacheStorage, datetime]:
        entries = await self._ask(acting_queries.caches(self._repository))
        try:
            usage: int | None = (await self._ask(cache_queries.usage(self._repository))).data
        except SourceError as error:
            if error.problem.kind not in _NOT_TOLD:
                raise
            usage = None
        quota = self.settings.quota_bytes or await self._read_limit()
        return storage(entries.data, usage, quota), entries.fetched_at

    async def _read_limit(self) -> int | None:
        """Asks once: who is not told now will not be told later."""
        if self._limit is None:
            try:
                self._limit = ((await self._ask(cache_queries.storage_limit(self._repository))).data,)
            except SourceError as error:
                if error.problem.kind not in _NOT_TOLD:
                    raise
                self._limit = (None,)
        return self._limit[0]

    async def _read_files(self, kept: _Kept, most: int) -> bool:
        """Asks for the SHA of workflow files that the ledger lacks; returns whether any was found."""
        found: dict[tuple[str, str], str] = {}
        for head, path in _lacking(kept, most):
            try:
                blob = (await self._ask(past_queries.file_sha(self._repository, path, head))).data
            except SourceError as error:
                if error.problem.kind not in _NOT_TOLD:
                    raise
                continue
            if blob:
                found[head, path] = blob
        if found:
            self._poll.history.save_workflow_blobs(found)
        return bool(found)

    async def _read_clues(self, kept: _Kept) -> None:
        open_misses = [one for one in last_misses(kept.attempts, kept.caches) if _key(one) not in self._clues]
        open_misses.sort(key=lambda one: one.seen.run.started_at, reverse=True)
        for miss in open_misses[:_MOST_AUTOPSIES]:
            run = miss.seen.run
            before = reference(miss)
            changed = None
            if before is not None and before.head_sha != run.head_sha:
                changed = await self._changed(before.head_sha, run.head_sha)
            elif before is not None:
                changed = ()
            self._clues[_key(miss)] = Clues(
                workflow=await self._workflow(run.workflow_path, run.head_sha),
                changed_files=changed,
                lines=await self._lines(miss.seen.job.id, lines_wanted(miss)),
            )

    async def _changed(self, before: str, after: str) -> tuple[str, ...] | None:
        try:
            return (await self._ask(cache_queries.changed_files(self._repository, before, after))).data
        except SourceError as error:
            if error.problem.kind not in _NOT_TOLD:
                raise
            return None

    async def _workflow(self, path: str, commit: str) -> WorkflowFile | None:
        try:
            content = (await self._ask(acting_queries.file(self._repository, path, commit))).data
            return parse_workflow(content)
        except WorkflowFileError:
            return None
        except SourceError as error:
            if error.problem.kind not in _NOT_TOLD:
                raise
            return None

    async def _lines(self, job_id: int, numbers: tuple[int, ...]) -> dict[int, str]:
        """Returns these lines of the log, without their time stamps; nothing else of it is kept."""
        if not numbers:
            return {}
        self._purse.note(self._repository)
        wanted, found = set(numbers), {}
        number, rest = 1, b""
        try:
            async for chunk in self._client.job_log(self._repository, job_id):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if number in wanted:
                        found[number] = _text(line)
                    number += 1
                rest = rest[:65_536]
                if number > max(wanted):
                    break
        except SourceError as error:
            if error.problem.kind not in _NOT_TOLD:
                raise
        if number in wanted and rest:
            found[number] = _text(rest)
        return found


class CacheDesks:
    """The desks of all repositories."""

    def __init__(
        self, polls: Sequence[RepositoryPoll], board: Board, clock: Clock, settings: CacheSettings, purse: Purse
    ) -> None:
        self.settings = settings
        self._purse = purse
        self._desks = {poll.repository: self._desk(poll, board, clock) for poll in polls}

    def configure(self, settings: CacheSettings) -> None:
        """Takes over what the configuration says of caches."""
        self.settings = settings
        for desk in self._desks.values():
            desk.settings = settings

    def of(self, repository: RepositoryId) -> CacheDesk:
        """Returns the desk of that repository; raises KeyError for another than the engine's."""
        return self._desks[repository]

    async def known(self, repository: RepositoryId) -> CacheReport:
        """Returns what the history and the stored answers give, without asking anybody."""
        return await self.of(repository).known()

    async def read(self, repository: RepositoryId) -> CacheReport:
        """Returns the report after asking GitHub for what it lacks; problems stand in it."""
        return await self.of(repository).read()

    def _desk(self, poll: RepositoryPoll, board: Board, clock: Clock) -> CacheDesk:
        def base_branch(branch: str | None) -> str | None:
            pulls = board.repository(poll.repository).pulls.data or ()
            return next((pull.base_branch for pull in pulls if pull.branch == branch), None)

        def default_branch() -> str | None:
            return board.repository(poll.repository).default_branch

        return CacheDesk(poll, clock, self.settings, default_branch, base_branch, self._purse)


def _text(line: bytes) -> str:
    text = line[:4_096].decode("utf-8", "replace").lstrip("\ufeff")
    stamp, _, rest = text.partition(" ")
    return clean(rest if stamp.endswith("Z") and stamp[:2] == "20" else text, _LINE)


def _key(miss: Miss) -> tuple[int, int, str]:
    return (*miss.seen.run.key, miss.cache)


def _lacking(kept: _Kept, most: int) -> Iterable[tuple[str, str]]:
    """Returns (head commit, path) of successful attempts of workflows with caches, whose file is not known.

    Runs that used a cache and runs that did not take turns, the newest first: the ledger needs both.
    """
    users = {use.attempt.run.key for uses in uses_of(kept.attempts, kept.caches).values() for use in uses}
    paths = {one.run.workflow_path for one in kept.attempts if one.run.key in users}
    open_ = [
        one.run
        for one in kept.attempts
        if one.run.workflow_blob is None
        and one.run.workflow_path in paths
        and one.run.conclusion == "success"
        and one.run.attempt == 1
        and not one.run.workflow_path.startswith("dynamic/")
    ]
    with_cache = [run for run in open_ if run.key in users]
    without = [run for run in open_ if run.key not in users]
    turns = [run for pair in zip(with_cache, without, strict=False) for run in pair]
    shorter = min(len(with_cache), len(without))
    turns += [*with_cache[shorter:], *without[shorter:]]
    return list(dict.fromkeys((run.head_sha, run.workflow_path) for run in turns))[:most]
