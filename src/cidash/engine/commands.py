"""Carries out a confirmed command: sent once, then read back until the world agrees. Nothing is claimed before that."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from cidash.domain.clock import Clock
from cidash.domain.command import Action, ActionState, Command, MoveTicket, Rerun
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.engine.board import Board
from cidash.engine.jira_poll import JiraPoll
from cidash.engine.repository_poll import RepositoryPoll
from cidash.github import queries
from cidash.github.actions import GitHubActions
from cidash.jira.actions import JiraActions

READ_BACK_SECONDS = 30.0
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 5.0


class Commands:
    """Performs commands one by one and keeps their actions on the board."""

    def __init__(
        self,
        board: Board,
        clock: Clock,
        polls: Mapping[RepositoryId, RepositoryPoll],
        github: Mapping[str, GitHubActions],
        jira: tuple[JiraPoll, JiraActions] | None,
    ) -> None:
        self._board = board
        self._clock = clock
        self._polls = polls
        self._github = github
        self._jira = jira
        self._last_id = 0

    async def perform(self, command: Command) -> Action:
        """Sends the command once and returns its action when the world agrees, refuses, or stays silent."""
        self._last_id += 1
        action = Action(self._last_id, command, ActionState.ASKED, self._clock.now(), f"{command.sentence}: asked.")
        self._board.put_action(action)
        lost: Problem | None = None
        try:
            await self._send(command)
        except SourceError as error:
            if error.problem.kind is not ProblemKind.OUTCOME_UNKNOWN:
                return self._end(action, ActionState.REFUSED, error.problem.sentence, error.problem)
            lost = error.problem
        seen = await self._read_back(command)
        if seen is not None:
            return self._end(action, ActionState.DONE, seen, None)
        sentence = (
            f"{command.sentence}: sent, but not seen within {READ_BACK_SECONDS:.0f} s. Look before you ask again."
            if lost is None
            else f"{command.sentence}: the answer was lost and nothing has changed yet. Look before you ask again."
        )
        return self._end(action, ActionState.UNKNOWN, sentence, lost)

    async def _send(self, command: Command) -> None:
        if isinstance(command, Rerun):
            await self._github[command.repository.host].rerun(command)
        elif self._jira is None:
            raise SourceError(Problem(ProblemKind.REFUSED, "Jira is not configured, so no ticket can be moved."))
        else:
            await self._jira[1].move(command)

    async def _read_back(self, command: Command) -> str | None:
        """Returns the sentence that says what was seen, or None when the time is over."""
        look: Callable[[], Awaitable[str | None]]
        if isinstance(command, Rerun):
            rerun = command

            async def look_at_run() -> str | None:
                return await self._see_rerun(rerun)

            look = look_at_run
        else:
            move = command

            async def look_at_ticket() -> str | None:
                return await self._see_move(move)

            look = look_at_ticket
        end = self._clock.monotonic() + READ_BACK_SECONDS
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                seen = await look()
            except SourceError:
                seen = None  # asked again until the time is over
            if seen is not None or self._clock.monotonic() + wait > end:
                return seen
            await self._clock.sleep(wait)
            wait = min(wait * 1.6, _LONGEST_WAIT_SECONDS)

    async def _see_rerun(self, command: Rerun) -> str | None:
        poll = self._polls[command.repository]
        reading = await poll.client.fetch(queries.run(command.repository, command.run_id))
        if reading.data.attempt <= command.attempt:
            return None
        poll.note_run(reading.data)
        return f"{command.workflow_name} of {command.branch} runs again: attempt {reading.data.attempt}."

    async def _see_move(self, command: MoveTicket) -> str | None:
        assert self._jira is not None
        poll, _ = self._jira
        ticket = await poll.client.ticket(command.key)
        poll.note_ticket(ticket)
        if ticket.status.id != command.to_status.id:
            return None
        return f"{command.key} is {ticket.status.name}."

    def _end(self, action: Action, state: ActionState, sentence: str, problem: Problem | None) -> Action:
        ended = replace(action, state=state, sentence=sentence, problem=problem, finished_at=self._clock.now())
        self._board.put_action(ended)
        return ended
