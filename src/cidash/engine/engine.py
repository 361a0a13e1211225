"""The engine: keeps the snapshot true while it runs, and carries out commands."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from cidash.analysis.cache_states import cache_states, named
from cidash.analysis.targets import judge
from cidash.domain.armed import Armed, ArmedCommand
from cidash.domain.cache import CacheState
from cidash.domain.clock import Clock
from cidash.domain.command import Action, Command
from cidash.domain.epic import Transition
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.snapshot import Snapshot
from cidash.domain.target import Target
from cidash.engine.armed_actions import ArmedActions
from cidash.engine.board import Board
from cidash.engine.cache_desk import CacheDesks, CacheSettings, Purse
from cidash.engine.cadence import Pace, retry_interval, wanted_interval
from cidash.engine.collector import Collector
from cidash.engine.commands import Commands
from cidash.engine.comparer import Comparer
from cidash.engine.desk import Desk
from cidash.engine.github_questions import GitHubQuestions
from cidash.engine.jira_poll import JiraPoll
from cidash.engine.job_logs import JobLogs
from cidash.engine.kept import KeptAttempts
from cidash.engine.reader import Reader
from cidash.engine.repository_poll import RepositoryPoll
from cidash.engine.spending import Spending
from cidash.engine.sync import Progress, Sync
from cidash.history.store import History

TARGET_ATTEMPTS = 200
_COLLECT_AT_ONCE = 20
_COLLECT_PAUSE_SECONDS = 60.0
_STATISTICS_SECONDS = 1.0
_log = logging.getLogger("cidash")


class Engine:
    """Everything between the network and the screen, on one event loop, without any knowledge of the screen."""

    def __init__(
        self,
        board: Board,
        clock: Clock,
        pace: Pace,
        history: History,
        polls: Sequence[RepositoryPoll],
        jira: JiraPoll | None,
        commands: Commands,
        targets: Sequence[Target],
    ) -> None:
        self._board = board
        self._clock = clock
        self._pace = pace
        self._history = history
        self._polls = list(polls)
        self._jira = jira
        self._commands = commands
        self._armed = ArmedActions(board, clock, {poll.repository: poll for poll in polls}, commands)
        self.github = GitHubQuestions({poll.repository: poll.client for poll in polls})
        """Asks what is needed to ask for a write."""
        self.caches = CacheDesks(polls, board, clock, CacheSettings(), Purse(self._spare, self._note_collected))
        """Ledger, autopsies and storage of caches, by repository."""
        self._targets = tuple(targets)
        self._focused = True
        self._kicks: list[asyncio.Event] = []
        self._spending: Mapping[str, Spending] = {poll.client.host: Spending(pace.budget) for poll in polls}
        self._statistics_due = True
        self.logs = JobLogs({poll.repository: poll.client for poll in polls}, None)
        """Logs of finished jobs, from the disk cache or streamed to it."""
        self.reader = Reader(polls)
        """Single questions of the command line."""
        self._collector = Collector(self._polls, self._targets, self._note_statistics, self._note_collected)

    # -- what the screen uses -----------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._board.snapshot

    def subscribe(self, on_change: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Calls `on_change` with every new snapshot, on the event loop's thread; returns the call that ends it."""
        return self._board.subscribe(on_change)

    def open(self) -> Snapshot:
        """Returns the snapshot that the history gives, without any network."""
        for poll in self._polls:
            poll.open()
        if self._jira is not None:
            self._jira.open()
        self._refresh_statistics()
        return self.snapshot

    async def run(self) -> None:
        """Polls until it is cancelled. A bad answer never ends it."""
        async with asyncio.TaskGroup() as group:
            for poll in self._polls:
                group.create_task(self._poll_forever(poll))
            if self._jira is not None:
                group.create_task(self._poll_jira_forever(self._jira))
            group.create_task(self._collect_forever())
            group.create_task(self._armed.run())

    async def refresh(self, collect: int = 0, merges: int = 0) -> Snapshot:
        """Asks for everything once and returns the snapshot.

        Args:
            collect: requests that may go into filling the history.
            merges: of how many open pull requests of each repository it is asked what blocks their merge.
        """
        await asyncio.gather(
            *(self._guarded(poll.round) for poll in self._polls),
            *([self._guarded(self._jira.round)] if self._jira is not None else []),
        )
        for poll in self._polls:
            pulls = self._board.repository(poll.repository).pulls.data or ()
            await poll.merge.settle([pull.number for pull in pulls[:merges]])
        if collect:
            for poll in self._polls:
                self._collector.see_runs(poll.repository, self._board.repository(poll.repository).runs.data or ())
            with suppress(SourceError):
                await self._collector.collect(collect)
        self._show_budgets(0.0)
        self._refresh_statistics()
        self._board.end_round()
        return self.snapshot

    def kick(self) -> None:
        """Polls at once."""
        for poll in self._polls:
            poll.expect_news()
        if self._jira is not None:
            self._jira.expect_news()
        self._wake()

    def set_focus(self, focused: bool) -> None:
        """Polls slower while the terminal is not looked at, and at once when it is again."""
        returned = focused and not self._focused
        self._focused = focused
        if returned:
            self.kick()

    def select(self, repository: RepositoryId, run_id: int | None, attempt: int | None = None) -> None:
        """Keeps the jobs of that run fresh, at its newest attempt unless another one is named."""
        for poll in self._polls:
            wanted = (run_id, attempt) if poll.repository == repository and run_id is not None else None
            if poll.selected != wanted:
                poll.selected = wanted
                if wanted is not None and poll.wants_selected():
                    self._wake()

    def select_pull(self, repository: RepositoryId, number: int | None) -> None:
        """Keeps fresh what blocks the merge of that pull request; None: of the one whose head the run belongs to."""
        for poll in self._polls:
            wanted = number if poll.repository == repository else None
            if poll.selected_pull != wanted:
                poll.selected_pull = wanted
                if wanted is not None and poll.merge.is_due(wanted):
                    self._wake()

    async def join(self) -> None:
        """Reads what joins tickets to pull requests beyond the open ones: those merged lately, and commits."""
        if self._jira is not None:
            await self._guarded(self._jira.join)

    @property
    def desk(self) -> Desk | None:
        """What forms for tickets ask; None without Jira."""
        return None if self._jira is None else Desk(self._jira)

    async def transitions(self, key: str) -> tuple[Transition, ...]:
        """Returns the transitions that this user has for the ticket now.

        Raises:
            SourceError: Jira is not configured or did not answer.
        """
        if self._jira is None:
            raise SourceError(Problem(ProblemKind.REFUSED, "Jira is not configured."))
        return await self._jira.client.transitions(key)

    async def perform(self, command: Command) -> Action:
        """Sends a confirmed command once, reads back, and returns what became of it."""
        try:
            return await self._commands.perform(command)
        finally:
            self.kick()

    def arm(self, command: ArmedCommand) -> Armed:
        """Arms a confirmed command: it is sent when its moment has come, as long as the engine runs."""
        return self._armed.arm(command)

    def disarm(self, armed_id: int) -> bool:
        """Takes an armed command back; returns whether it was still armed."""
        return self._armed.disarm(armed_id)

    async def outcome(self, armed_id: int) -> Action | None:
        """Returns what became of an armed command in the end; None when it was disarmed."""
        return await self._armed.outcome(armed_id)

    async def collect(self, requests: int) -> int:
        """Fills the history with what is noted as lacking, with at most so many requests; returns how many it made.

        Raises:
            SourceError: a problem of the whole source.
        """
        return await self._collector.collect(requests)

    async def sync(
        self, repository: RepositoryId, since: timedelta, workflow: str | None, tell: Callable[[Progress], None]
    ) -> Progress:
        """Reads the runs of that time into the history, within the budget, and returns what was done.

        Raises:
            SourceError: it could not be finished; what was read is kept.
        """
        poll = next(poll for poll in self._polls if poll.repository == repository)
        spending = self._spending[repository.host]
        return await Sync(poll, self._collector.collect, spending, self._clock, tell).run(since, workflow)

    def comparer(self, repository: RepositoryId) -> Comparer:
        """Returns what answers comparisons and trends of that repository."""
        return Comparer(next(poll for poll in self._polls if poll.repository == repository))

    async def close(self) -> None:
        """Closes connections and the history."""
        for client in {id(poll.client): poll.client for poll in self._polls}.values():
            await client.close()
        if self._jira is not None:
            await self._jira.client.close()
        self._history.close()

    # -- the loops ----------------------------------------------------------------------------------------------

    async def _poll_forever(self, poll: RepositoryPoll) -> None:
        kick = self._new_kick()
        spending = self._spending[poll.client.host]
        failures = 0
        while True:
            problem = await self._guarded(poll.round)
            failures = failures + 1 if problem else 0
            spending.note_round(poll.client.budget)
            wanted = wanted_interval(poll.activity(), self._pace, focused=self._focused)
            now = self._clock.now()
            self._board.put_budget(spending.shown(poll.client.budget, wanted, now))
            self._collector.see_runs(poll.repository, self._board.repository(poll.repository).runs.data or ())
            if self._statistics_due:
                self._refresh_statistics()
            self._board.end_round()
            seconds = max(wanted, spending.interval(poll.client.budget, now))
            if problem:
                seconds = max(seconds, retry_interval(problem, failures, wanted, now))
            await self._pause(seconds, kick)

    async def _poll_jira_forever(self, jira: JiraPoll) -> None:
        kick = self._new_kick()
        failures = 0
        while True:
            problem = await self._guarded(jira.round)
            await self._guarded(jira.join)
            failures = failures + 1 if problem else 0
            self._board.end_round()
            seconds = self._pace.jira_seconds if self._focused else self._pace.jira_seconds * 3
            if problem:
                seconds = max(seconds, retry_interval(problem, failures, seconds, self._clock.now()))
            await self._pause(seconds, kick)

    async def _collect_forever(self) -> None:
        while True:
            pause = _STATISTICS_SECONDS
            spare = min((self._spending[poll.client.host].spare(poll.client.budget) for poll in self._polls), default=0)
            if spare > 0:
                try:
                    made = await self._collector.collect(min(spare, _COLLECT_AT_ONCE))
                except SourceError as error:
                    pause = retry_interval(error.problem, 1, _COLLECT_PAUSE_SECONDS, self._clock.now())
                else:
                    if made == 0:
                        await self._collector.wake.wait()
            self._collector.wake.clear()
            if self._statistics_due:
                self._refresh_statistics()
            await self._clock.sleep(pause)

    async def _guarded(self, round_: Callable[[], Awaitable[Problem | None]]) -> Problem | None:
        """Returns the round's problem. A mistake of ours is logged and counts as one: it must not end the watch."""
        try:
            return await round_()
        except Exception as error:  # noqa: BLE001 - said above
            _log.exception("a poll round failed")
            return Problem(ProblemKind.BAD_ANSWER, f"cidash failed on an answer ({type(error).__name__}).")

    async def _pause(self, seconds: float, kick: asyncio.Event) -> None:
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        woken = asyncio.ensure_future(kick.wait())
        try:
            await asyncio.wait({sleeper, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            woken.cancel()
            kick.clear()

    def _wake(self) -> None:
        for kick in self._kicks:
            kick.set()

    def _new_kick(self) -> asyncio.Event:
        kick = asyncio.Event()
        self._kicks.append(kick)
        return kick

    # -- statistics ---------------------------------------------------------------------------------------------

    def _note_statistics(self) -> None:
        self._statistics_due = True

    def _spare(self, repository: RepositoryId) -> int:
        """Returns how many requests may go into filling in now; a host that was never asked told no limit yet."""
        poll = next(poll for poll in self._polls if poll.repository == repository)
        budget = poll.client.budget
        return self._spending[repository.host].spare(budget) if budget.limit is not None else 1

    def _note_collected(self, repository: RepositoryId) -> None:
        self._spending[repository.host].note_collected(1)

    def _refresh_statistics(self) -> None:
        """Computes typical durations, cache states and targets anew from the history."""
        self._statistics_due = False
        for poll in self._polls:
            poll.refresh_statistics()
        if not self._polls or not self._targets:
            return
        history = self._polls[0].history
        workflows = dict.fromkeys(target.workflow for target in self._targets if target.workflow)
        steps = any(target.step for target in self._targets)
        attempts = [
            attempt
            for name in workflows
            for attempt in history.attempts(workflow=name, limit=TARGET_ATTEMPTS, steps=steps)
        ]
        job_ids = [job.id for attempt in attempts for job in attempt.jobs]
        caches = history.cache_states(job_ids)
        single = self._named_caches(history, job_ids) if any(target.cache_name for target in self._targets) else None
        self._board.put_targets(judge(self._targets, attempts, caches, self._clock.now(), single))

    def _named_caches(self, history: KeptAttempts, job_ids: list[int]) -> dict[int, dict[str, CacheState]]:
        names = self.caches.settings.names
        told = history.job_caches(job_ids)
        return {
            job_id: {each.cache: each.state for each in cache_states(named(one, names))} for job_id, one in told.items()
        }

    def _show_budgets(self, wanted_seconds: float) -> None:
        now = self._clock.now()
        for poll in self._polls:
            self._board.put_budget(self._spending[poll.client.host].shown(poll.client.budget, wanted_seconds, now))
