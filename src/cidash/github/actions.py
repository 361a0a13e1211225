"""What cidash does on GitHub. Each write is sent once; the engine reads back what became of it."""

import asyncio
from typing import TYPE_CHECKING, Any

from cidash.domain.command import GitHubCommand, Rerun
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.github import refusals
from cidash.github.client import GitHubClient
from cidash.github.gate import ACCEPT, API_VERSION
from cidash.github.write_requests import WriteRequest, request_of
from cidash.transport.connection import Answer
from cidash.transport.worker import Worker

if TYPE_CHECKING:
    from cidash.github.package_write import PackageWriter

WRITE_SPACING_SECONDS = 1.0
"""GitHub asks for a second between two requests that change something."""


class GitHubActions:
    """Acts on one host: through PyGithub where it has the call, in a thread of its own, else through the client."""

    def __init__(self, client: GitHubClient, worker: Worker | None = None, *, timeout_seconds: int = 10) -> None:
        self._client = client
        self._gate = client.gate
        self._worker = worker or Worker(f"cidash-writes-{client.host}")
        self._timeout = timeout_seconds
        self._writer: PackageWriter | None = None  # lives in the worker's thread
        self._turn = asyncio.Lock()
        self._last_write: float | None = None

    async def rerun(self, command: Rerun) -> None:
        """Asks for a new attempt of a run: all jobs, the failed ones, or one job and those that depend on it.

        Raises:
            SourceError: as `send`.
        """
        await self.send(command)

    async def send(self, command: GitHubCommand) -> Answer:
        """Sends the one request that carries out the command, a second after the one before, and returns its answer.

        Raises:
            SourceError: `forbidden`, `not_found`, `conflict` (the world has moved), `refused`, `rate_limited`,
                `unreachable` (not sent), or `outcome_unknown`: sent, and never sent again by itself.
        """
        request = request_of(command)
        what = command.sentence[0].lower() + command.sentence[1:]
        await self._wait_for_turn()
        if request.by_package:
            return await self._send_with_package(request, what)
        return await self._client.write(request.method, request.path, request.json, what, request.right)

    async def _wait_for_turn(self) -> None:
        clock = self._client.clock
        async with self._turn:
            if self._last_write is not None:
                rest = self._last_write + WRITE_SPACING_SECONDS - clock.monotonic()
                if rest > 0:
                    await clock.sleep(rest)
            self._last_write = clock.monotonic()

    async def _send_with_package(self, request: WriteRequest, what: str) -> Answer:
        gate = self._gate
        if gate.token is None:
            raise SourceError(refusals.no_token_problem(gate.host, what))
        gate.check_token()
        sent = gate.limits.begin()
        answer = await self._worker.call(lambda: self._write(request.method, request.path, request.json, what))
        gate.note(sent, answer)
        if not 200 <= answer.status < 300:
            raise SourceError(refusals.write_problem(gate.host, answer, what, request.right))
        return answer

    def _write(self, method: str, path: str, json: Any, what: str) -> Answer:
        """Runs in the worker's thread, where PyGithub is imported by the first write."""
        from cidash.github.package_write import AnswerLostError, NotSentError, PackageWriter

        gate = self._gate
        if self._writer is None:
            assert gate.token is not None
            self._writer = PackageWriter(gate.api_url, gate.token, API_VERSION, timeout_seconds=self._timeout)
        try:
            return self._writer.send(method, path, ACCEPT, json)
        except NotSentError:
            problem = Problem(ProblemKind.UNREACHABLE, f"{gate.host} could not be reached to {what}: it was not sent.")
        except AnswerLostError:
            problem = refusals.lost_problem(gate.host, what)
        raise SourceError(problem)
