"""Watches commits and runs until they are done: conditional requests, pinned to the head commit, through outages."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cidash.analysis.checks import newest_runs
from cidash.analysis.merge_blockers import state_of_check
from cidash.analysis.watching import REPORT_WITHIN, Decision, Outcome, decide, expected_workflows
from cidash.domain.ci import Job, Run
from cidash.domain.clock import Clock
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.engine.cadence import retry_interval
from cidash.engine.reader import Reader
from cidash.engine.spending import Spending

_HOPELESS = frozenset({ProblemKind.UNAUTHORIZED, ProblemKind.FORBIDDEN, ProblemKind.NOT_FOUND})
_HOPELESS_AFTER = 3
_PULL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is watched: exactly one of pull request, run and branch."""

    repository: RepositoryId
    pull: int | None = None
    run: int | None = None
    branch: str | None = None

    @property
    def name(self) -> str:
        """How it is called in a line."""
        if self.pull is not None:
            return f"#{self.pull}"
        return f"run {self.run}" if self.run is not None else str(self.branch)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed: a job, a run, the head, the connection."""

    wanted: Wanted
    text: str
    run: Run | None = None
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one watched thing."""

    wanted: Wanted
    outcome: Outcome
    reason: str
    head_sha: str | None
    runs: tuple[Run, ...]


@dataclass
class _Memory:
    """What is known of one watched thing."""

    head_sha: str | None = None
    seen_at: datetime | None = None
    branch: str = ""
    base: str | None = None
    pull_due: float = float("-inf")
    expected: frozenset[str] | None = None
    runs: tuple[Run, ...] = ()
    told: dict[object, str] = field(default_factory=dict)
    reason: str = ""


class Watcher:
    """Tells every change once, and returns when all is done."""

    def __init__(
        self, reader: Reader, clock: Clock, tell: Callable[[Event], None], interval: float, share: float
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._tell = tell
        self._interval = interval
        self._share = share
        self._spending: dict[str, Spending] = {}

    async def watch(self, wanted: Sequence[Wanted]) -> tuple[Ended, ...]:
        """Returns how each of them ended, in their order."""
        hosts = [one.repository.host for one in wanted]
        return tuple(await asyncio.gather(*(self._watch(one, hosts.count(one.repository.host)) for one in wanted)))

    async def _watch(self, wanted: Wanted, at_once: int) -> Ended:
        memory = _Memory()
        failures = 0
        while True:
            wait = self._interval
            try:
                decision = await self._look(wanted, memory)
            except SourceError as error:
                failures += 1
                problem = error.problem
                if problem.kind in _HOPELESS and (memory.head_sha is None or failures >= _HOPELESS_AFTER):
                    return Ended(wanted, Outcome.UNKNOWN, problem.sentence, memory.head_sha, memory.runs)
                if failures == 1:
                    self._tell(Event(wanted, f"{problem.sentence} The watch goes on."))
                wait = max(wait, retry_interval(problem, failures, self._interval, self._clock.now()))
                wait = min(wait, 300.0) if problem.retry_at is None else wait
                if problem.kind in _HOPELESS:
                    wait = self._interval
            else:
                if failures:
                    self._tell(Event(wanted, f"{wanted.repository.host} answers again."))
                failures = 0
                if decision.outcome is not None:
                    return Ended(wanted, decision.outcome, decision.reason, memory.head_sha, memory.runs)
                if decision.reason != memory.reason and decision.reason.startswith(("waiting", "no run")):
                    self._tell(Event(wanted, decision.reason))
                memory.reason = decision.reason
            await self._clock.sleep(max(wait, self._affordable(wanted.repository) * at_once))

    def _affordable(self, repository: RepositoryId) -> float:
        budget = self._reader.budget(repository)
        spending = self._spending.setdefault(repository.host, Spending(self._share))
        spending.note_round(budget)
        return spending.interval(budget, self._clock.now())

    # -- one look -----------------------------------------------------------------------------------------------

    async def _look(self, wanted: Wanted, memory: _Memory) -> Decision:
        if wanted.run is not None:
            return await self._look_at_run(wanted, wanted.run, memory)
        await self._follow_head(wanted, memory)
        assert memory.head_sha is not None
        assert memory.seen_at is not None
        listed = await self._reader.ask_runs(wanted.repository, [("head_sha", memory.head_sha)])
        memory.runs = newest_runs(memory.head_sha, listed)
        await self._tell_runs(wanted, memory)
        if memory.expected is None:
            memory.expected = await self._expected(wanted, memory)
        now = self._clock.now()
        decision = decide(memory.head_sha, memory.runs, memory.expected, memory.seen_at, now)
        if decision.outcome is not None and await self._head_moved(wanted, memory):
            return Decision(None, "the head has moved")
        if decision.outcome is Outcome.GREEN and memory.base is not None:
            return await self._with_required(wanted, memory, decision, now)
        return decision

    async def _look_at_run(self, wanted: Wanted, run_id: int, memory: _Memory) -> Decision:
        run = await self._reader.ask_run(wanted.repository, run_id)
        memory.head_sha, memory.runs = run.head_sha, (run,)
        await self._tell_runs(wanted, memory)
        if run.state.is_active:
            return Decision(None, "still going on")
        outcome = Outcome.RED if run.state.is_red else Outcome.GREEN if run.state.is_green else Outcome.UNKNOWN
        return Decision(outcome, f"{run.workflow_name}, attempt {run.attempt}: {run.state.value}")

    async def _follow_head(self, wanted: Wanted, memory: _Memory) -> None:
        """Reads where the pull request or branch stands, every ten seconds; a push moves the watch to the new head."""
        now = self._clock.monotonic()
        if now < memory.pull_due:
            return
        if wanted.pull is not None:
            pull = await self._reader.ask_pull(wanted.repository, wanted.pull)
            head, memory.branch, memory.base = pull.head_sha, pull.branch, pull.base_branch
        else:
            assert wanted.branch is not None
            head, memory.branch = await self._reader.ask_branch_head(wanted.repository, wanted.branch), wanted.branch
        memory.pull_due = now + _PULL_SECONDS
        if head == memory.head_sha:
            return
        if memory.head_sha is not None:
            moved = f"a push moved the head from {memory.head_sha[:7]} to {head[:7]}: the watch goes on there"
            self._tell(Event(wanted, moved))
        memory.head_sha, memory.seen_at = head, self._clock.now()
        memory.expected, memory.runs, memory.reason = None, (), ""

    async def _head_moved(self, wanted: Wanted, memory: _Memory) -> bool:
        """Looks once more before a verdict: it must be about the commit that is the head now."""
        before = memory.head_sha
        memory.pull_due = float("-inf")
        await self._follow_head(wanted, memory)
        return memory.head_sha != before

    async def _expected(self, wanted: Wanted, memory: _Memory) -> frozenset[str]:
        assert memory.head_sha is not None
        events = ("pull_request",) if wanted.pull is not None else ("push",)
        of_branch = await self._reader.ask_runs(wanted.repository, [("branch", memory.branch)])
        expected = expected_workflows(memory.head_sha, events, of_branch)
        if expected or wanted.pull is None:
            return expected
        # The first commit of a pull request: what all of the newest others have in common is expected here as well.
        others = await self._reader.ask_runs(wanted.repository, [("event", "pull_request")])
        heads = list(dict.fromkeys(run.head_sha for run in others if run.head_sha != memory.head_sha))[:3]
        each = [{run.workflow_path for run in others if run.head_sha == head} for head in heads]
        return frozenset(set.intersection(*each)) if len(each) >= 2 else frozenset()

    async def _with_required(self, wanted: Wanted, memory: _Memory, green: Decision, now: datetime) -> Decision:
        """Checks that the base requires have to be there and green as well, whoever reports them."""
        assert memory.base is not None
        assert memory.head_sha is not None
        required = await self._reader.required_checks(wanted.repository, memory.base)
        if not required:
            return green
        reported = await self._reader.reported_checks(wanted.repository, memory.head_sha)
        if reported is None:
            return green
        states = {check.name: state_of_check(check, reported) for check in required}
        red = [name for name, state in states.items() if state is not None and state.is_red]
        if red:
            return Decision(Outcome.RED, f"required and not passed: {', '.join(red[:5])}")
        going_on = [name for name, state in states.items() if state is not None and state.is_active]
        if going_on:
            return Decision(None, f"waiting for the required {', '.join(going_on[:5])}")
        missing = [name for name, state in states.items() if state is None]
        if not missing:
            return replace(green, reason=f"{green.reason}, {len(required)} required checks among them")
        since = max([run.created_at for run in memory.runs], default=now)
        early = now - since < REPORT_WITHIN
        return Decision(
            None if early else Outcome.UNKNOWN,
            f"waiting for the required {', '.join(missing[:5])}"
            if early
            else f"required, but never reported: {', '.join(missing[:5])}",
        )

    # -- telling ------------------------------------------------------------------------------------------------

    async def _tell_runs(self, wanted: Wanted, memory: _Memory) -> None:
        """Tells each run and job whose state is another than it was when it was last told."""
        for run in memory.runs:
            known = memory.told.get(run.key)
            if known != run.state.value or run.state.is_active:
                for job in await self._reader.ask_jobs(run):
                    if memory.told.get((run.id, job.id)) != job.state.value:
                        memory.told[run.id, job.id] = job.state.value
                        self._tell(Event(wanted, "", run, job))
            if known != run.state.value:
                memory.told[run.key] = run.state.value
                self._tell(Event(wanted, "", run))
