"""Reads the past of a repository into the history: politely, whole, and so that it can be interrupted at any point."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cidash.domain.ci import Attempt, Run
from cidash.domain.clock import Clock
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.engine.repository_poll import RepositoryPoll
from cidash.engine.spending import Spending
from cidash.github import past_queries, queries

SPAN = timedelta(days=7)
"""What is listed at once; halved as long as it holds more runs than GitHub lists."""
LEAST_SPAN = timedelta(seconds=2)
RE_RUN_TIME = timedelta(days=31)
"""A run can be re-run for 30 days; what was listed when it was older than that is final."""
FRESH = timedelta(minutes=10)
"""A span that was listed so recently is not listed again: an interrupted sync goes on where it stopped."""
AT_ONCE = 4
LOGS_AT_ONCE = 20
LONGEST_WAIT_SECONDS = 3_900.0
_GONE = frozenset({ProblemKind.NOT_FOUND, ProblemKind.FORBIDDEN, ProblemKind.REFUSED, ProblemKind.BAD_ANSWER})

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is."""

    listed_share: float
    """Share of the time span that is listed, 0 to 1."""
    runs: int = 0
    """Runs that were listed."""
    kept: int = 0
    """Attempts that were written into the history."""
    logs: int = 0
    requests: int = 0
    gone: int = 0
    """Attempts whose jobs GitHub does not hand out any more."""
    waiting_until: datetime | None = None
    """The share of the rate limit is spent; it goes on then."""


class Sync:
    """One pass over the past of a repository."""

    def __init__(
        self,
        poll: RepositoryPoll,
        collect: Callable[[int], Awaitable[int]],
        spending: Spending,
        clock: Clock,
        tell: Callable[[Progress], None],
    ) -> None:
        self._poll = poll
        self._collect = collect
        self._spending = spending
        self._clock = clock
        self._tell = tell
        self._progress = Progress(0.0)

    async def run(self, since: timedelta, workflow: str | None = None) -> Progress:
        """Reads everything that was created in that time, newest first, and returns what was done.

        Raises:
            SourceError: GitHub did not answer, or there is no such workflow. What was read is kept, and the next sync
                goes on from there.
        """
        now = self._clock.now().replace(microsecond=0)
        workflow_id, name = await self._workflow(workflow)
        begin = now - since
        open_spans = list(_missing(begin, now, self._final(name)))
        whole = sum((high - low).total_seconds() for low, high in open_spans) or 1.0
        done = 0.0
        while open_spans:
            low, high = open_spans.pop()
            runs = await self._listed(low, high, workflow_id)
            if runs is None:
                middle = low + (high - low) / 2
                middle = middle.replace(microsecond=0)
                open_spans += [(low, middle), (middle, high)]
                continue
            await self._keep(runs)
            self._poll.history.save_synced(low, high, name)
            done += (high - low).total_seconds()
            self._note(replace(self._progress, listed_share=min(1.0, done / whole)))
        self._note(replace(self._progress, listed_share=1.0))
        await self._read_logs()
        return self._progress

    async def _workflow(self, wanted: str | None) -> tuple[int | None, str]:
        if wanted is None:
            return None, ""
        for workflow in await self._fetch_workflows():
            if wanted in {workflow[1], workflow[2], workflow[2].rpartition("/")[2]}:
                return workflow[0], workflow[2]
        raise SourceError(Problem(ProblemKind.NOT_FOUND, f"{self._poll.repository} has no workflow {wanted}."))

    async def _fetch_workflows(self) -> list[tuple[int, str, str]]:
        await self._within_budget()
        reading = await self._poll.client.fetch(queries.workflows(self._poll.repository))
        return [(one.id, one.name, one.path) for one in reading.data]

    def _final(self, name: str) -> list[Span]:
        """Returns the spans that need not be listed again: nothing in them can change, or it was just done."""
        now = self._clock.now()
        spans = [*self._poll.history.synced(), *(self._poll.history.synced(name) if name else ())]
        final: list[Span] = []
        for low, high, at in spans:
            if now - at < FRESH:
                final.append((low, high))
            elif low < at - RE_RUN_TIME:
                final.append((low, min(high, at - RE_RUN_TIME)))
        return final

    async def _listed(self, low: datetime, high: datetime, workflow_id: int | None) -> tuple[Run, ...] | None:
        """Returns the runs of the span; None when there are more than GitHub lists and the span can be halved."""
        client, repository = self._poll.client, self._poll.repository
        await self._within_budget()
        self._count_request()
        first = (await client.fetch(past_queries.first_runs_created(repository, low, high, workflow_id))).data
        if first.total <= len(first.runs):
            return first.runs
        if first.total > past_queries.LISTED_AT_MOST and high - low > LEAST_SPAN:
            return None
        await self._within_budget()
        self._count_request(min(10, -(-first.total // past_queries.PAGE)))
        return (await client.fetch(past_queries.runs_created(repository, low, high, workflow_id))).data

    async def _keep(self, runs: Sequence[Run]) -> None:
        """Writes every finished attempt of these runs that the history lacks, then the logs that they made wanted."""
        self._note(replace(self._progress, runs=self._progress.runs + len(runs)))
        finished = [run for run in runs if run.status == "completed"]
        wanted = [(run, number) for run in finished for number in range(run.attempt, 0, -1)]
        known = self._poll.history.known([(run.id, number) for run, number in wanted])
        lacking = [(run, number) for run, number in wanted if (run.id, number) not in known]
        for start in range(0, len(lacking), AT_ONCE):
            await self._within_budget()
            batch = (self._keep_one(run, number) for run, number in lacking[start : start + AT_ONCE])
            for result in await asyncio.gather(*batch, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result

    async def _keep_one(self, run: Run, number: int) -> None:
        client, repository = self._poll.client, self._poll.repository
        try:
            if number != run.attempt:
                self._count_request()
                run = (await client.fetch(queries.attempt(repository, run.id, number))).data
            self._count_request()
            jobs = (await client.fetch(queries.jobs(repository, run.id, number))).data
        except SourceError as error:
            if error.problem.kind not in _GONE:
                raise
            self._note(replace(self._progress, gone=self._progress.gone + 1))
            return
        self._poll.keep(Attempt(run, jobs))
        self._note(replace(self._progress, kept=self._progress.kept + 1))

    async def _read_logs(self) -> None:
        """Lets the collector read the logs of the workflows whose targets ask for a cache state."""
        while True:
            await self._within_budget()
            made = await self._collect(LOGS_AT_ONCE)
            self._note(
                replace(self._progress, logs=self._progress.logs + made, requests=self._progress.requests + made)
            )
            if made < LOGS_AT_ONCE:
                return

    async def _within_budget(self) -> None:
        """Waits, if the share of the rate limit is spent, until the limit is set anew."""
        budget = self._poll.client.budget
        if budget.limit is None or budget.reset_at is None or self._spending.spare(budget) > 0:
            return
        now = self._clock.now()
        seconds = min(max(0.0, (budget.reset_at - now).total_seconds()) + 1.0, LONGEST_WAIT_SECONDS)
        self._note(replace(self._progress, waiting_until=now + timedelta(seconds=seconds)))
        await self._clock.sleep(seconds)
        self._spending.begin_anew(self._poll.client.budget)
        self._note(replace(self._progress, waiting_until=None))

    def _count_request(self, count: int = 1) -> None:
        self._note(replace(self._progress, requests=self._progress.requests + count))

    def _note(self, progress: Progress) -> None:
        self._progress = progress
        self._tell(progress)


def _missing(begin: datetime, end: datetime, final: Iterable[Span]) -> Iterator[Span]:
    """Gives what lies between `begin` and `end` outside of the final spans, oldest first, in pieces of a week."""
    reached = begin
    for low, high in [*sorted(final), (end, end)]:
        until = min(max(low, begin), end)
        if until > reached:
            yield from _weeks(reached, until)
        reached = max(reached, min(high, end))


def _weeks(low: datetime, high: datetime) -> Iterator[Span]:
    while low < high:
        until = min(low + SPAN, high)
        yield (low, until)
        low = until
