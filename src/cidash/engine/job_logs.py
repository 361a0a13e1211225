"""Job logs for screen and command line: from the disk cache, else streamed to it."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from cidash.analysis.log_view.index import LogIndex
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.github import log_queries
from cidash.github.client import GitHubClient
from cidash.github.log_file import CHUNK, LogCache, LogFile, record
from cidash.github.log_queries import Annotation

_NOT_ALLOWED = frozenset({ProblemKind.FORBIDDEN, ProblemKind.NOT_FOUND, ProblemKind.UNAUTHORIZED})


class JobLogs:
    """Opens the logs of finished jobs; what is on disk is never asked for again."""

    def __init__(self, clients: Mapping[RepositoryId, GitHubClient], folder: Path | None) -> None:
        self._clients = clients
        self._cache = LogCache(folder)

    async def open(
        self, repository: RepositoryId, job_id: int, on_bytes: Callable[[int], None] = lambda _: None
    ) -> LogFile:
        """Returns the log of a finished job; close it in the end.

        Args:
            repository: the job's.
            job_id: the job's id.
            on_bytes: called with the bytes that were read so far.

        Raises:
            SourceError: there is no log (yet, or any more), or nothing of it could be read.
        """
        client = self._clients[repository]
        key = f"{client.api_url} {repository.full_name.lower()} {job_id}"
        stream = self._cache.find(key)
        if stream is None:
            return await record(self._cache, key, client.job_log(repository, job_id), on_bytes)
        index = LogIndex()
        try:
            while chunk := stream.read(CHUNK):
                index.feed(chunk)
                on_bytes(index.size)
                await asyncio.sleep(0)  # the screen goes on meanwhile
        except BaseException:
            stream.close()
            raise
        index.finish()
        return LogFile(stream, index)

    async def annotations(self, repository: RepositoryId, job_id: int) -> tuple[Annotation, ...] | None:
        """Returns the job's annotations, or None when this token may not read them (a fine-grained one can't).

        Raises:
            SourceError: they could not be read now.
        """
        query = log_queries.annotations(repository, job_id)
        client = self._clients[repository]
        try:
            return (await client.fetch(query)).data
        except SourceError as error:
            if error.problem.kind in _NOT_ALLOWED:
                return None
            stored = client.recall(query)
            if stored is None:
                raise
            return stored.data
