"""Reads the logs of finished jobs for cache events, as they stream in, and keeps the events."""

from datetime import UTC, datetime

from cidash.domain.acting import StoredCache
from cidash.domain.cache import JobCaches
from cidash.domain.ci import Job, Run
from cidash.domain.problem import ProblemKind, SourceError
from cidash.domain.repository import RepositoryId
from cidash.engine.kept import KeptAttempts
from cidash.github import acting_queries
from cidash.github.client import GitHubClient

_GONE = frozenset({ProblemKind.NOT_FOUND, ProblemKind.FORBIDDEN, ProblemKind.REFUSED})
_JOBS_PER_LIST = 100
"""How many jobs one list of entries serves: logs are gone of old jobs, whose entries hardly change."""


class CacheLogs:
    """One repository's logs. Nothing of a log is kept but its cache events."""

    def __init__(self, repository: RepositoryId, client: GitHubClient, history: KeptAttempts) -> None:
        self._repository = repository
        self._client = client
        self._history = history
        self._entries: tuple[StoredCache, ...] | None = None
        self._served = 0

    async def read(self, run: Run, job: Job) -> None:
        """Reads the job's log and keeps what it told; a log that is gone is replaced by what can be inferred.

        Raises:
            SourceError: GitHub could not be asked now; the log is still wanted.
        """
        from cidash.analysis.cache_inference import inferred_events
        from cidash.analysis.cachelog import EventReader

        reader = EventReader()
        cut = False
        try:
            async for chunk in self._client.job_log(run.repository, job.id):
                reader.feed(chunk)
        except SourceError as error:
            if error.problem.kind in _GONE:
                events = inferred_events(run, job, await self._stored())
                self._keep(JobCaches(job.id, "gone", events, (None,) * len(events)))
                return
            if error.problem.kind is not ProblemKind.BAD_ANSWER:
                raise
            cut = True  # longer than any log may be: what came is read
        reading = reader.finish()
        log = "cut" if cut and reading.completeness == "complete" else reading.completeness
        times = tuple(None if at is None else _moment(at) for at in reading.times)
        self._keep(JobCaches(job.id, log, reading.events, times))

    def _keep(self, caches: JobCaches) -> None:
        from cidash.analysis.cache_states import job_state

        self._history.save_job_caches(caches, job_state(caches))

    async def _stored(self) -> tuple[StoredCache, ...]:
        """Returns the entries; none when they can't be read, for they are only a hint."""
        self._served += 1
        if self._entries is None or self._served > _JOBS_PER_LIST:
            try:
                self._entries = (await self._client.fetch(acting_queries.caches(self._repository))).data
            except SourceError:
                self._entries = None
                return ()
            self._served = 1
        return self._entries


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
