"""The workflow files of the runs that go on, as they are at the run's commit: each is asked for once and for all."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from cidash.analysis.workflow_file.parse import WorkflowFileError, parse_workflow
from cidash.domain.ci import Run
from cidash.domain.clock import Clock
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.engine.board import Board
from cidash.github import acting_queries
from cidash.github.client import GitHubClient

if TYPE_CHECKING:
    from cidash.domain.workflow_file import WorkflowFile

AGAIN_SECONDS = 60.0
AT_ONCE = 4
KEPT = 40
_GONE = frozenset({ProblemKind.NOT_FOUND, ProblemKind.FORBIDDEN, ProblemKind.BAD_ANSWER})


class WorkflowFiles:
    """A file at a commit never changes, so what the body store holds is never asked for again."""

    def __init__(self, repository: RepositoryId, client: GitHubClient, board: Board, clock: Clock) -> None:
        self._repository = repository
        self._client = client
        self._board = board
        self._clock = clock
        self._read: dict[tuple[str, str], WorkflowFile | None] = {}
        self._again_at: dict[tuple[str, str], float] = {}

    async def round(self, runs: Iterable[Run]) -> None:
        """Reads what lacks of these runs' files and puts it on the board; a file that can't be read stays unknown."""
        wanted = dict.fromkeys(
            (run.workflow_path, run.head_sha) for run in runs if run.workflow_path.endswith((".yml", ".yaml"))
        )
        lacking = [
            key for key in wanted if key not in self._read and self._clock.monotonic() >= self._again_at.get(key, 0)
        ]
        for key in lacking[:AT_ONCE]:
            await self._fetch(key)
        if not lacking:
            return
        while len(self._read) > KEPT:
            del self._read[next(iter(self._read))]
        here = self._board.repository(self._repository)
        files = {key: file for key, file in self._read.items() if file is not None}
        if files != here.files:
            self._board.put_repository(replace(here, files=files))

    async def _fetch(self, key: tuple[str, str]) -> None:
        path, sha = key
        query = acting_queries.file(self._repository, path, sha)
        known = self._client.recall(query)
        try:
            content = known.data if known is not None else (await self._client.fetch(query)).data
        except SourceError as error:
            if error.problem.kind in _GONE:
                self._read[key] = None
            else:
                self._again_at[key] = self._clock.monotonic() + AGAIN_SECONDS
            return
        try:
            self._read[key] = parse_workflow(content)
        except WorkflowFileError:
            self._read[key] = None
