"""Sends a write once, through the `jira` package's session, in a thread of its own.

The package is used for what it is good at (session, credentials, TLS set-up); the request itself goes through its
session as a prepared one, because its own methods drop the names of the fields that Jira complains about, and repeat
a POST whose answer was lost.
"""

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.jira import problems
from cidash.jira.client import JiraClient
from cidash.transport.connection import USER_AGENT, Answer
from cidash.transport.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

_TIMEOUT = (3.05, 10.0)
_BODY_LIMIT = 1024 * 1024
_BODY_SECONDS = 10.0


class Sender:
    """Writes to the site that the client reads."""

    def __init__(self, client: JiraClient, deadline_seconds: float) -> None:
        self._client = client
        self._deadline = deadline_seconds
        self._worker = Worker("cidash-jira")

    async def write(self, path: str, content: Any, doing: str, key: str, call: str, not_done: str) -> Answer:
        """Sends one POST once and returns the answer of a write that was taken.

        Args:
            path: Below `/rest/api/2/`, where texts are plain.
            content: The JSON.
            doing: What is tried, after "to".
            key: The ticket written to, for its own limit and for sentences.
            call: What Jira's burst limit counts apart.
            not_done: The sentence that says that nothing was done, after a limit.

        Raises:
            SourceError: nothing was changed, unless the kind is `outcome_unknown`.
        """
        body = as_json(content, key)
        self._client.limits.check(call, key)
        answer = await self._send(f"{self._client.base_url}/rest/api/2/{path}", body, doing)
        if answer.status == 429:
            problem = self._client.limits.hit(answer, call, key)
            raise SourceError(problems.with_sentence(problem, not_done))
        problem_ = problems.write_problem(answer, doing, key, self._client.site)
        if problem_ is not None:
            raise SourceError(self._client.limits.pause(answer, problem_))
        self._client.limits.passed(call, key)
        return answer

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


def as_json(content: Any, key: str) -> bytes:
    """Returns the content as a body; raises SourceError, `refused`, when it can't be written as JSON."""
    try:
        return json.dumps(content, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise SourceError(
            Problem(ProblemKind.REFUSED, f"A value for {key} can't be written as JSON ({error}). Nothing was sent.")
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
