"""Writes to Jira: one transition, sent once, by the `jira` package in a thread of its own.

The package is used for what it is good at (session, credentials, TLS set-up); the request itself goes through its
session as a prepared one, because its own `transition_issue` sends the id as a number, drops the names of the fields
that Jira complains about, and repeats a POST whose answer was lost.
"""

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

from cidash.domain.command import MoveTicket
from cidash.domain.epic import Status, Ticket
from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.jira import problems
from cidash.jira.client import JiraClient
from cidash.jira.keys import checked_key
from cidash.transport.connection import USER_AGENT, Answer
from cidash.transport.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

_CALL = "transition"
_TIMEOUT = (3.05, 10.0)
_BODY_LIMIT = 1024 * 1024
_BODY_SECONDS = 10.0


class JiraActions:
    """Acts on the site that the client reads."""

    def __init__(self, client: JiraClient, *, deadline_seconds: float = 30.0) -> None:
        """Sends nothing and imports nothing yet.

        Args:
            client: For its address and credentials, and to look before each write.
            deadline_seconds: After that long a write without an answer counts as lost.
        """
        self._client = client
        self._deadline = deadline_seconds
        self._worker = Worker("cidash-jira")

    async def move(self, command: MoveTicket) -> None:
        """Moves a ticket by one transition. Reading back whether the world agrees is the caller's part.

        The status is read just before: where every status leads to every other, a stale move would succeed and
        undo a colleague's.

        Raises:
            SourceError: nothing was changed, unless the kind is `outcome_unknown`. `conflict` when the ticket is no
                longer where it was; `refused` with `problem.fields` when fields are missing or wrong.
        """
        key = checked_key(command.key)
        doing = command.sentence[:1].lower() + command.sentence[1:]
        not_moved = f"{key} was not moved."
        body = _body(command)
        try:
            self._client.limits.check(_CALL, key)
            ticket = await self._client.ticket(key)
        except SourceError as error:
            raise SourceError(problems.with_sentence(error.problem, not_moved)) from error
        await self._compare(ticket, command)
        answer = await self._send(f"{self._client.base_url}/rest/api/2/issue/{key}/transitions", body, doing)
        if answer.status == 429:
            raise SourceError(problems.with_sentence(self._client.limits.hit(answer, _CALL, key), not_moved))
        problem = problems.write_problem(answer, doing, key, self._client.site)
        if problem is not None:
            raise SourceError(self._client.limits.pause(answer, problem))
        self._client.limits.passed(_CALL, key)

    async def _compare(self, ticket: Ticket, command: MoveTicket) -> None:
        if _same(ticket.status, command.from_status):
            return
        mover = await self._mover(ticket)
        who = f": {mover} moved it" if mover else ""
        raise SourceError(
            Problem(
                ProblemKind.CONFLICT,
                f"{command.key} is {ticket.status.name} now, no longer {command.from_status.name}{who}. "
                "Nothing was sent; press again if it should still be moved.",
            )
        )

    async def _mover(self, ticket: Ticket) -> str | None:
        with contextlib.suppress(SourceError):  # a courtesy: the conflict is told without a name, too
            return await self._client.last_mover(ticket)
        return None

    async def _send(self, url: str, body: bytes, doing: str) -> Answer:
        client = self._client
        authorization = client.authorization()
        try:
            async with asyncio.timeout(self._deadline):
                return await self._worker.call(lambda: _post(client.base_url, authorization, url, body))
        except TimeoutError:
            self._worker = Worker("cidash-jira")  # the old thread is still stuck in the call
            raise SourceError(_lost(doing, client.site)) from None
        except _NotSentError as error:
            raise SourceError(
                Problem(ProblemKind.UNREACHABLE, f"Jira ({client.site}) {error}; it was not asked to {doing}.")
            ) from None
        except _LostError:
            raise SourceError(_lost(doing, client.site)) from None


class _NotSentError(Exception):
    """The request can't have reached the server; the text says why."""


class _LostError(Exception):
    """The request may have reached the server, its answer did not come back."""


def _lost(doing: str, site: str) -> Problem:
    return Problem(
        ProblemKind.OUTCOME_UNKNOWN,
        f"Jira ({site}) was asked to {doing}, but its answer was lost. It is not asked again by itself.",
    )


def _same(now: Status, seen: Status) -> bool:
    if now.id and seen.id:
        return now.id == seen.id
    return now.name == seen.name


def _body(command: MoveTicket) -> bytes:
    """Returns the documented JSON: the id as a string, plain text for the comment (which is what v2 takes)."""
    content: dict[str, Any] = {"transition": {"id": command.transition_id}}
    if command.fields:
        content["fields"] = dict(command.fields)
    if command.comment:
        content["update"] = {"comment": [{"add": {"body": command.comment}}]}
    try:
        return json.dumps(content, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise SourceError(
            Problem(
                ProblemKind.REFUSED, f"A value for {command.key} can't be written as JSON ({error}). Nothing was sent."
            )
        ) from error


@contextlib.contextmanager
def _session(server: str, authorization: str) -> "Iterator[requests.Session]":
    """Yields the package's session. Its own methods repeat and re-word; this is the way to status, headers and body."""
    from jira import JIRA

    def sign(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
        request.headers["Authorization"] = authorization
        return request

    package = JIRA(
        server=server,
        options={"headers": {"User-Agent": USER_AGENT}},
        get_server_info=False,  # it would be one more request, of a kind that may fail while the write would not
        max_retries=0,
        timeout=_TIMEOUT,
    )
    try:
        session: requests.Session = package._session  # noqa: SLF001
        session.auth = sign  # the same header as for reads, and never one from a netrc file
        session.trust_env = server.startswith("https:")
        yield session
    finally:
        package.close()  # type: ignore[no-untyped-call]


def _post(server: str, authorization: str, url: str, body: bytes) -> Answer:
    """Runs in the worker thread. One session for one request: no idle connection that the server may have closed."""
    import requests
    from urllib3.exceptions import HTTPError

    with _session(server, authorization) as session:
        try:
            prepared = session.prepare_request(requests.Request("POST", url, data=body))
            settings = session.merge_environment_settings(url, {}, True, None, None)
        except (requests.RequestException, ValueError) as error:
            raise _NotSentError("can't be asked with these credentials or this address") from error
        try:
            with session.send(prepared, timeout=_TIMEOUT, allow_redirects=False, **settings) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status_code, headers, _bounded(answer), url)
        except (requests.RequestException, HTTPError, OSError) as error:
            if _never_connected(error):
                raise _NotSentError("could not be reached") from error
            raise _LostError from error


def _bounded(answer: "requests.Response") -> bytes:
    """Returns the start of the body; the status is known by then, so a cut or endless body is no lost answer."""
    import requests
    from urllib3.exceptions import HTTPError

    body = bytearray()
    end = time.monotonic() + _BODY_SECONDS
    with contextlib.suppress(requests.RequestException, HTTPError, OSError):
        for chunk in answer.iter_content(8192):
            body += chunk
            if len(body) > _BODY_LIMIT or time.monotonic() > end:
                break
    return bytes(body[:_BODY_LIMIT])


def _never_connected(error: BaseException) -> bool:
    """Tells whether the connection itself failed: no name, refused, no TLS trust, or a time-out before it stood."""
    import ssl

    import requests
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    if isinstance(error, requests.ConnectTimeout):
        return True
    pending: list[object] = [error]
    seen: list[object] = []
    while pending:
        one = pending.pop()
        if isinstance(one, NewConnectionError | ConnectTimeoutError | ssl.SSLCertVerificationError):
            return True
        if isinstance(one, BaseException) and not any(one is other for other in seen):
            seen.append(one)
            pending += [*one.args, getattr(one, "reason", None), one.__cause__]
    return False
