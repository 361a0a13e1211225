"""Armed actions: looked at every few seconds, sent once when their moment has come, dropped when it can't come."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from cidash.analysis.checks import newest_runs
from cidash.analysis.merge_blockers import merge_blockers
from cidash.domain.armed import Armed, ArmedCommand
from cidash.domain.ci import Run
from cidash.domain.clock import Clock
from cidash.domain.command import Action, Rerun, RerunScope
from cidash.domain.github_command import MergePull
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.domain.state import State
from cidash.engine.board import Board
from cidash.engine.repository_poll import RepositoryPoll
from cidash.github import queries

LOOK_SECONDS = 3.0
SETTLED = timedelta(seconds=15)
"""Right after a push the workflows' runs appear one after the other: a first quick one is not all of them."""
EARLY_TRIES = 5
_MERGEABLE = frozenset({"clean", "has_hooks"})


class Performer(Protocol):
    """Sends a command and tells what became of it."""

    async def perform(self, command: ArmedCommand) -> Action:
        """Sends the command once and reads back."""
        ...

    def drop(self, command: ArmedCommand, sentence: str) -> Action:
        """Tells that the command was not sent, and why."""
        ...


class DroppedError(Exception):
    """The moment can't come any more; the sentence says why."""


class ArmedActions:
    """Lives in memory only: what is armed is gone when cidash ends."""

    def __init__(
        self, board: Board, clock: Clock, polls: Mapping[RepositoryId, RepositoryPoll], performer: Performer
    ) -> None:
        self._board = board
        self._clock = clock
        self._polls = polls
        self._performer = performer
        self._wake = asyncio.Event()
        self._ends: dict[int, asyncio.Future[Action | None]] = {}
        self._tries: dict[int, int] = {}
        self._last_id = 0

    def arm(self, command: ArmedCommand) -> Armed:
        """Arms the command; the same run or pull request is armed once, so that an earlier one is replaced."""
        for one in self._board.snapshot.armed:
            if _target(one.command) == _target(command):
                self.disarm(one.id)
        self._last_id += 1
        armed = Armed(self._last_id, command, self._clock.now())
        self._board.put_armed((*self._board.snapshot.armed, armed))
        self._wake.set()
        return armed

    def disarm(self, armed_id: int) -> bool:
        """Takes it back; returns whether it was still armed."""
        return self._remove(armed_id, None)

    async def outcome(self, armed_id: int) -> Action | None:
        """Returns what became of it in the end; None when it was disarmed."""
        if not any(one.id == armed_id for one in self._board.snapshot.armed) and armed_id not in self._ends:
            return None
        end = self._ends.setdefault(armed_id, asyncio.get_running_loop().create_future())
        return await asyncio.shield(end)

    async def run(self) -> None:
        """Looks at all that is armed until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                if not self._board.snapshot.armed:
                    self._wake.clear()
                    await self._wake.wait()
                for one in self._board.snapshot.armed:
                    await self._look(one, group)
                await self._clock.sleep(LOOK_SECONDS)

    async def _look(self, armed: Armed, group: asyncio.TaskGroup) -> None:
        try:
            waits_for = await self._waits_for(armed.command)
        except SourceError as error:
            waits_for = error.problem.sentence
        except DroppedError as dropped:
            if self._is_armed(armed.id):
                action = self._performer.drop(armed.command, f"{armed.sentence} was disarmed: {dropped}.")
                self._remove(armed.id, action)
            return
        if not self._is_armed(armed.id):  # disarmed while we looked
            return
        if waits_for is None:
            self._take(armed.id)
            group.create_task(self._fire(armed))
        elif waits_for != armed.waits_for:
            self._replace(replace(armed, waits_for=waits_for))

    async def _fire(self, armed: Armed) -> None:
        action = await self._performer.perform(armed.command)
        too_early = action.problem is not None and action.problem.kind is ProblemKind.CONFLICT
        tries = self._tries.get(armed.id, 0) + 1
        if isinstance(armed.command, Rerun) and too_early and tries < EARLY_TRIES:
            # GitHub refused because it was not done with the run: nothing was started, so it may be asked again.
            self._tries[armed.id] = tries
            self._board.put_armed((*self._board.snapshot.armed, armed))
            return
        self._finish(armed.id, action)

    async def _waits_for(self, command: ArmedCommand) -> str | None:
        """Returns what it waits for, or None when its moment has come."""
        poll = self._polls[command.repository]
        return await (
            self._merge_waits_for(poll, command)
            if isinstance(command, MergePull)
            else self._rerun_waits_for(poll, command)
        )

    async def _rerun_waits_for(self, poll: RepositoryPoll, command: Rerun) -> str | None:
        run = (await poll.client.fetch(queries.run(command.repository, command.run_id))).data
        if run.attempt != command.attempt:
            raise DroppedError(f"attempt {run.attempt} has begun since")
        heads = [pull for pull in self._board.repository(poll.repository).pulls.data or () if pull.branch == run.branch]
        if heads and run.event.startswith("pull_request") and all(one.head_sha != run.head_sha for one in heads):
            raise DroppedError(f"the head of {run.branch} has moved")
        if run.state.is_active:
            return f"{run.workflow_name}: {run.state.value.replace('_', ' ')}"
        if run.state is State.UNKNOWN:
            return f"whether {run.workflow_name} has ended is unknown"
        if command.scope is RerunScope.FAILED and run.state.is_green:
            raise DroppedError("no job has failed")
        return None

    async def _merge_waits_for(self, poll: RepositoryPoll, command: MergePull) -> str | None:
        """Everything that decides is read at this moment; the request itself names the head, too."""
        pull = (await poll.client.fetch(queries.pull(command.repository, command.number))).data
        if pull.merged or pull.state != "open":
            raise DroppedError(f"#{pull.number} is {'merged' if pull.merged else pull.state}")
        if pull.head_sha != command.head_sha:
            raise DroppedError(f"the head has moved to {pull.short_sha}")
        if pull.base_branch != command.base_branch:
            raise DroppedError(f"it goes into {pull.base_branch} now")
        runs = (await poll.client.fetch(queries.recent_runs(command.repository, head_sha=command.head_sha))).data
        waits_for = self._runs_wait_for(newest_runs(command.head_sha, runs))
        if waits_for is not None:
            return waits_for
        await poll.merge.round((command.number,))
        part = self._board.repository(command.repository).merge.get(command.number)
        state = part.data if part is not None else None
        if state is None or state.head_sha != command.head_sha:
            return "what the branch demands is unknown"
        blockers = merge_blockers(state)
        if blockers:
            return "; ".join(one.sentence for one in blockers)
        if part is not None and part.problem is not None:
            return part.problem.sentence.rstrip(".")
        if pull.mergeable_state not in _MERGEABLE:
            return f"GitHub says {pull.mergeable_state or 'unknown'}"
        return None

    def _runs_wait_for(self, runs: tuple[Run, ...]) -> str | None:
        if not runs:
            return "no run of the head commit has reported"
        for run in runs:
            if not run.state.is_green:
                return f"{run.workflow_name}: {run.state.value.replace('_', ' ')}"
        if self._clock.now() - max(run.created_at for run in runs) < SETTLED:
            return "other runs of the head commit may still come"
        return None

    def _is_armed(self, armed_id: int) -> bool:
        return any(one.id == armed_id for one in self._board.snapshot.armed)

    def _replace(self, armed: Armed) -> None:
        self._board.put_armed(tuple(armed if one.id == armed.id else one for one in self._board.snapshot.armed))

    def _take(self, armed_id: int) -> None:
        """Takes it off the board; those who wait for its outcome go on waiting."""
        self._ends.setdefault(armed_id, asyncio.get_running_loop().create_future())
        self._board.put_armed(tuple(one for one in self._board.snapshot.armed if one.id != armed_id))

    def _remove(self, armed_id: int, action: Action | None) -> bool:
        present = self._is_armed(armed_id)
        if present:
            self._board.put_armed(tuple(one for one in self._board.snapshot.armed if one.id != armed_id))
            self._finish(armed_id, action)
        return present

    def _finish(self, armed_id: int, action: Action | None) -> None:
        self._tries.pop(armed_id, None)
        end = self._ends.pop(armed_id, None)
        if end is not None and not end.done():
            end.set_result(action)


def _target(command: ArmedCommand) -> tuple[RepositoryId, str, int]:
    if isinstance(command, MergePull):
        return (command.repository, "pull", command.number)
    return (command.repository, "run", command.run_id)
