"""The one way to a host's API: every request passes here, is counted, and waits for its turn."""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cidash.domain.clock import Clock
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.secret import Secret
from cidash.github import refusals
from cidash.github.addresses import same_origin
from cidash.github.limits import Limits, Sent
from cidash.github.wire import message_of
from cidash.transport.connection import Answer, Connection

ACCEPT = "application/vnd.github+json"
API_VERSION = "2022-11-28"
AT_ONCE = 6
_HEADERS = {"Accept": ACCEPT, "X-GitHub-Api-Version": API_VERSION}
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Gate:
    """Sends to one host's API with its token: at most six reads at once, none while the host asked to wait."""

    def __init__(self, host: str, api_url: str, token: Secret | None, clock: Clock, *, timeout_seconds: float) -> None:
        self.host = host
        self.api_url = api_url.rstrip("/")
        self.token = token or None
        self.limits = Limits(host, clock, authorized=bool(token))
        self.connection = Connection(self.api_url, host, self._authorization, timeout_seconds=timeout_seconds)
        self._turns = asyncio.Semaphore(AT_ONCE)

    @property
    def authorized(self) -> bool:
        """Whether requests carry a token."""
        return self.token is not None

    def fingerprint(self) -> str:
        """Returns a digest of what an ETag depends on besides its URL."""
        return self.connection.fingerprint(f"{ACCEPT} {API_VERSION}")

    async def get(self, url: str, what: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Sends one GET and returns the answer, whatever its status, unless it is a rate limit.

        Raises:
            SourceError: no complete answer, a rate limit, or a URL on another host.
        """
        try:
            return await self._send("GET", url, headers, None)
        except SourceError as error:
            problem = error.problem
            if problem.kind in (ProblemKind.UNREACHABLE, ProblemKind.BAD_ANSWER) and problem.status is None:
                problem = replace(problem, sentence=f"{problem.sentence.rstrip('.')} when asked for {what}.")
            raise SourceError(problem) from error

    async def write(self, method: str, path: str, what: str, json: Any = None) -> Answer:
        """Sends one POST, PUT or DELETE, once, and returns the answer, whatever its status, unless it is a rate limit.

        Raises:
            SourceError: not sent (`unreachable`, `rate_limited`, `unauthorized`), or `outcome_unknown`.
        """
        if not self.authorized:
            raise SourceError(refusals.no_token_problem(self.host, what))
        try:
            return await self._send(method, self.api_url + path, None, json)
        except SourceError as error:
            if error.problem.kind in (ProblemKind.OUTCOME_UNKNOWN, ProblemKind.BAD_ANSWER):
                raise SourceError(refusals.lost_problem(self.host, what)) from error
            raise

    def check_token(self) -> None:
        """Raises `SourceError` (`unauthorized`) when the token can't stand in a header: the error would show it."""
        if self.token is not None and not _TOKEN.fullmatch(self.token.reveal()):
            raise SourceError(refusals.bad_token_problem(self.host))

    def note(self, sent: Sent, answer: Answer) -> None:
        """Takes an answer into the budget.

        Raises:
            SourceError: `rate_limited`, when the answer is that.
        """
        message = message_of(answer.body) if answer.status in (403, 429) else ""
        until = self.limits.note(sent, answer.status, answer.headers, message)
        if until is not None and answer.status in (403, 429):
            raise SourceError(self.limits.problem(until, answer.status))

    async def _send(self, method: str, url: str, headers: Mapping[str, str] | None, json: Any) -> Answer:
        self.check_token()
        if not same_origin(url, self.api_url):
            sentence = f"{self.host} pointed to another host or to an address that is none."
            raise SourceError(Problem(ProblemKind.BAD_ANSWER, sentence))
        # A write does not wait behind reads that hang.
        async with self._turns if method == "GET" else contextlib.nullcontext():
            sent = self.limits.begin()
            answer = await self.connection.send(method, url, headers={**_HEADERS, **(headers or {})}, json=json)
        self.note(sent, answer)
        return answer

    def _authorization(self) -> str | None:
        return f"Bearer {self.token.reveal()}" if self.token is not None else None
