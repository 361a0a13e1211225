"""Reads what joins pull requests to tickets beyond the list of open ones: merged ones, and keys in commits."""

from dataclasses import replace

from cidash.analysis.epic_rows import names_a_ticket, tickets_in_commits
from cidash.domain.ci import PullRequest
from cidash.domain.clock import Clock
from cidash.domain.problem import SourceError
from cidash.domain.repository import RepositoryId
from cidash.engine import parts
from cidash.engine.board import Board
from cidash.github import joining_queries
from cidash.github.client import GitHubClient

MERGED_SECONDS = 180.0
_AT_ONCE = 5
"""Pull requests whose commits are read in one round."""


class PullLinks:
    """Asks seldom and conditionally: merged pull requests every few minutes, commits once per head commit."""

    def __init__(self, repository: RepositoryId, client: GitHubClient, board: Board, clock: Clock) -> None:
        self._repository = repository
        self._client = client
        self._board = board
        self._clock = clock
        self._merged_at = float("-inf")
        self._heads: dict[int, str] = {}
        """Head commits whose messages were read, by pull request number."""

    async def round(self, epic_key: str) -> None:
        """Asks for what is due. What can't be read is told by the part and tried again later."""
        if self._clock.monotonic() >= self._merged_at:
            self._merged_at = self._clock.monotonic() + MERGED_SECONDS
            await self._read_merged()
        await self._read_commits(epic_key)

    async def _read_merged(self) -> None:
        before = self._board.repository(self._repository).merged
        try:
            reading = await self._client.fetch(joining_queries.merged_pulls(self._repository))
            part = parts.read(reading.data, reading.fetched_at)
        except SourceError as error:
            part = parts.failed(before, error.problem)
        self._board.put_repository(replace(self._board.repository(self._repository), merged=part))

    async def _read_commits(self, epic_key: str) -> None:
        now = self._board.repository(self._repository)
        pulls = (*(now.pulls.data or ()), *(now.merged.data or ()))
        wanted = [pull for pull in pulls if self._wants(pull, epic_key)][:_AT_ONCE]
        found: dict[int, tuple[str, ...]] = {}
        for pull in wanted:
            try:
                reading = await self._client.fetch(joining_queries.commit_messages(self._repository, pull.number))
            except SourceError:
                break
            self._heads[pull.number] = pull.head_sha
            found[pull.number] = tickets_in_commits(reading.data)
        if found:
            now = self._board.repository(self._repository)
            self._board.put_repository(replace(now, commit_tickets={**now.commit_tickets, **found}))

    def _wants(self, pull: PullRequest, epic_key: str) -> bool:
        return self._heads.get(pull.number) != pull.head_sha and not names_a_ticket(pull, epic_key)
