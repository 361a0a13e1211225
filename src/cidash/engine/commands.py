"""Carries out a confirmed command: sent once, then read back until the world agrees. Nothing is claimed before that."""

from collections.abc import Mapping
from dataclasses import replace

from cidash.domain.clock import Clock
from cidash.domain.command import Action, ActionState, Command, GitHubCommand, MoveTicket
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.engine.board import Board
from cidash.engine.jira_poll import JiraPoll
from cidash.engine.repository_poll import RepositoryPoll
from cidash.engine.ticket_writes import MoveWrite
from cidash.engine.write import Write
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
        write = self._write_of(command)
        if write is None:
            problem = Problem(ProblemKind.REFUSED, "Jira is not configured, so no ticket can be changed.")
            return self._end(action, ActionState.REFUSED, problem.sentence, problem)
        try:
            await write.send()
        except SourceError as error:
            if error.problem.kind is not ProblemKind.OUTCOME_UNKNOWN:
                return self._end(action, ActionState.REFUSED, error.problem.sentence, error.problem)
            lost = error.problem
        seen = await self._read_back(write)
        if seen is not None:
            return self._end(action, ActionState.DONE, seen, None)
        sentence = (
            write.unseen()
            or f"{command.sentence}: sent, but not seen within {READ_BACK_SECONDS:.0f} s. Look before you ask again."
            if lost is None
            else f"{command.sentence}: the answer was lost and nothing has changed yet. Look before you ask again."
        )
        return self._end(action, ActionState.UNKNOWN, sentence, lost)

    def drop(self, command: Command, sentence: str) -> Action:
        """Tells that the command was not sent, and why; returns its action."""
        self._last_id += 1
        now = self._clock.now()
        problem = Problem(ProblemKind.REFUSED, sentence)
        action = Action(self._last_id, command, ActionState.REFUSED, now, sentence, now, problem)
        self._board.put_action(action)
        return action

    def _write_of(self, command: Command) -> Write | None:
        """Returns what carries the command out; None without Jira where it is needed."""
        if isinstance(command, GitHubCommand):
            from cidash.engine.github_writes import write_of

            poll = self._polls[command.repository]
            return write_of(command, self._github[command.repository.host], poll)
        if self._jira is None:
            return None
        if isinstance(command, MoveTicket):
            return MoveWrite(*self._jira, command)
        from cidash.engine.making_writes import making_write_of

        return making_write_of(*self._jira, command)

    async def _read_back(self, write: Write) -> str | None:
        """Returns the sentence that says what was seen, or None when the time is over."""
        end = self._clock.monotonic() + READ_BACK_SECONDS
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                seen = await write.look()
            except SourceError:
                seen = None  # asked again until the time is over
            if seen is not None or self._clock.monotonic() + wait > end:
                return seen
            await self._clock.sleep(wait)
            wait = min(wait * 1.6, _LONGEST_WAIT_SECONDS)

    def _end(self, action: Action, state: ActionState, sentence: str, problem: Problem | None) -> Action:
        ended = replace(action, state=state, sentence=sentence, problem=problem, finished_at=self._clock.now())
        self._board.put_action(ended)
        return ended
