"""Asks one Jira site: where, as whom, within its limits; a bad answer becomes a problem with a sentence.

httpx comes with the first request, never with the import: a start from the history needs neither it nor the network.
"""

import base64
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from cidash.domain.clock import Clock
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.domain.secret import Secret
from cidash.jira import making_questions, problems, questions
from cidash.jira.limits import Limits
from cidash.jira.questions import Question
from cidash.jira.route import Route, gateway_routes, may_use_gateway
from cidash.transport.connection import Answer, Connection

T = TypeVar("T")

ACCEPT = "application/json"


class Asker:
    """The line to one site. It finds out by itself whether the gateway is needed and whether it is Data Center."""

    def __init__(
        self, url: str, email: str | None, token: Secret, clock: Clock, api_url: str | None, gateway: str
    ) -> None:
        self.url = url.rstrip("/")
        self.site = urlsplit(self.url).netloc.rpartition("@")[2]
        self.limits = Limits(clock, self.site)
        self._email = email
        self._token = token
        self._clock = clock
        self._route = Route((api_url or url).rstrip("/"), bearer=not email)
        self._gateway: str | None = None if api_url else gateway
        self._kind_known = False
        self._connection = Connection(self._route.base_url, "Jira", self.authorization)

    @property
    def base_url(self) -> str:
        """Where the API is asked."""
        return self._route.base_url

    @property
    def is_data_center(self) -> bool:
        """Whether this is Data Center, as far as is known by now."""
        return self._route.data_center

    @property
    def blocked_until(self) -> datetime | None:
        """Until when a rate limit forbids every request, or None."""
        return self.limits.blocked_until

    def authorization(self) -> str:
        """Returns the value of the Authorization header: for the two HTTP libraries and nobody else.

        Raises:
            SourceError: `unauthorized`, if the token can't be one.
        """
        token = self._token.reveal().strip()
        if not token or not token.isascii() or not token.isprintable():
            raise SourceError(
                Problem(
                    ProblemKind.UNAUTHORIZED,
                    f"The token for Jira ({self.site}) is empty or holds characters that no token has.",
                )
            )
        if self._email and not self._route.bearer:
            return "Basic " + base64.b64encode(f"{self._email}:{token}".encode()).decode("ascii")
        return f"Bearer {token}"

    async def close(self) -> None:
        """Closes the connections."""
        await self._connection.close()

    async def ask(self, question: Question[T]) -> T:
        """Returns the answer to any read.

        Raises:
            SourceError: as for `epic`.
        """
        answer, _ = await self._ask(question)
        return answer

    async def _ask(self, question: Question[T]) -> tuple[T, bytes]:
        """Sends one read unless a limit forbids it; returns the answer, read, and its body."""
        self.limits.check(question.call)
        answer = await self._send(question)
        if answer.status == 401 and await self._find_gateway(answer):
            answer = await self._send(question)
        if answer.status == 404 and question.path.startswith(questions.API) and await self._is_data_center():
            answer = await self._send(question)
        if answer.status == 429:
            raise SourceError(self.limits.hit(answer, question.call))
        if answer.status != 200:
            problem = problems.read_problem(answer, question.asked, self.site)
            if answer.status == 404 and question.call == "search":
                problem = problems.search_missing(self.site)
            raise SourceError(self.limits.pause(answer, problem))
        self.limits.passed(question.call)
        try:
            return question.read(answer.body), answer.body
        except ValidationError as error:
            raise SourceError(problems.unreadable(answer, error, question.asked, self.site)) from None

    async def _send(self, question: Question[Any]) -> Answer:
        url = replace(question, path=self._route.path(question.path)).url(self.base_url)
        if question.body is None:
            return await self._connection.send("GET", url, headers={"Accept": ACCEPT})
        try:
            return await self._connection.send("POST", url, headers={"Accept": ACCEPT}, json=question.body)
        except SourceError as error:
            if error.problem.kind is not ProblemKind.OUTCOME_UNKNOWN:
                raise
            # This POST only reads: nothing can have happened by it.
            raise SourceError(
                Problem(ProblemKind.UNREACHABLE, f"Jira ({self.site}) did not answer with {question.asked}.")
            ) from error

    async def _is_data_center(self) -> bool:
        """Asks once what kind of Jira this is; returns whether it has turned out to be Data Center just now."""
        if self._kind_known:
            return False
        answer = await self._send(making_questions.server_info())
        if answer.status != 200:
            self._kind_known = answer.status == 404
            return False
        try:
            info = making_questions.server_info().read(answer.body)
        except ValidationError:
            return False
        self._kind_known = True
        data_center = (info.deployment_type or "Server").casefold() != "cloud"
        self._route = replace(self._route, data_center=data_center)
        return data_center

    async def _find_gateway(self, refusal: Answer) -> bool:
        """Tries the gateway, once, after the site has refused the token; returns whether it is taken there."""
        gateway, self._gateway = self._gateway, None
        if gateway is None or "x-authentication-denied-reason" in refusal.headers:
            return False
        if not may_use_gateway(self.url, gateway):
            return False
        at_site, connection = self._route, self._connection
        tenant_url = making_questions.tenant_info().url(self.url)
        try:
            answer = await connection.send("GET", tenant_url, headers={"Accept": ACCEPT})
            cloud_id = making_questions.tenant_info().read(answer.body).cloud_id if answer.status == 200 else None
            for route in gateway_routes(gateway, cloud_id, with_email=bool(self._email)) if cloud_id else ():
                self._route = route
                self._connection = Connection(route.base_url, "Jira", self.authorization)
                if (await self._send(questions.myself())).status == 200:
                    await connection.close()
                    return True
                await self._connection.close()
        except (SourceError, ValidationError):
            await self._connection.close()
        self._route, self._connection = at_site, connection
        return False
