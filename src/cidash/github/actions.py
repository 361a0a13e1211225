"""What cidash does to runs. Each write is sent once; the engine reads back what became of it."""

from typing import TYPE_CHECKING

from cidash.domain.command import Rerun, RerunScope
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.github import queries, refusals
from cidash.github.client import GitHubClient
from cidash.github.gate import ACCEPT, API_VERSION
from cidash.transport.connection import Answer
from cidash.transport.worker import Worker

if TYPE_CHECKING:
    from cidash.github.package_write import PackageWriter


class GitHubActions:
    """Acts on one host: through PyGithub where it has the call, in a thread of its own, else through the client."""

    def __init__(self, client: GitHubClient, worker: Worker | None = None, *, timeout_seconds: int = 10) -> None:
        self._client = client
        self._gate = client.gate
        self._worker = worker or Worker(f"cidash-writes-{client.host}")
        self._timeout = timeout_seconds
        self._writer: PackageWriter | None = None  # lives in the worker's thread

    async def rerun(self, command: Rerun) -> None:
        """Asks for a new attempt of a run: all jobs, the failed ones, or one job and those that depend on it.

        Raises:
            SourceError: `forbidden`, `not_found`, `conflict` (it still runs), `refused`, `rate_limited`, `unreachable`
                (not sent), or `outcome_unknown`: sent, and never sent again by itself.
        """
        what = command.sentence[0].lower() + command.sentence[1:]
        base = f"{queries.base(command.repository)}/actions"
        if command.scope is RerunScope.JOB:
            if command.job_id is None:
                raise SourceError(Problem(ProblemKind.REFUSED, f"Which job? None was named to {what}."))
            path = f"{base}/jobs/{command.job_id}/rerun"
        else:
            last = "rerun" if command.scope is RerunScope.ALL else "rerun-failed-jobs"
            path = f"{base}/runs/{command.run_id}/{last}"
        if command.debug or command.scope is RerunScope.JOB:
            json = {"enable_debug_logging": True} if command.debug else None
            await self._client.post(path, json, what, queries.ACTIONS_WRITE)
        else:
            await self._post_with_package(path, what)

    async def _post_with_package(self, path: str, what: str) -> None:
        gate = self._gate
        if gate.token is None:
            raise SourceError(refusals.no_token_problem(gate.host, what))
        gate.check_token()
        sent = gate.limits.begin()
        answer = await self._worker.call(lambda: self._write(path, what))
        gate.note(sent, answer)
        if not 200 <= answer.status < 300:
            raise SourceError(refusals.write_problem(gate.host, answer, what, queries.ACTIONS_WRITE))

    def _write(self, path: str, what: str) -> Answer:
        """Runs in the worker's thread, where PyGithub is imported by the first write."""
        from cidash.github.package_write import AnswerLostError, NotSentError, PackageWriter

        gate = self._gate
        if self._writer is None:
            assert gate.token is not None
            self._writer = PackageWriter(gate.api_url, gate.token, API_VERSION, timeout_seconds=self._timeout)
        try:
            return self._writer.post(path, ACCEPT)
        except NotSentError:
            problem = Problem(ProblemKind.UNREACHABLE, f"{gate.host} could not be reached to {what}: it was not sent.")
        except AnswerLostError:
            problem = refusals.lost_problem(gate.host, what)
        raise SourceError(problem)
