"""One HTTP connection pool to one base URL, with a bounded body and errors as problems.

httpx is imported when the first request is made: it costs start-up time.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cidash import __version__
from cidash.domain.problem import Problem, ProblemKind, SourceError

if TYPE_CHECKING:
    import httpx

BODY_LIMIT = 32 * 1024 * 1024
USER_AGENT = f"cidash/{__version__}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Connection:
    """Sends requests to one origin and to no other: a token can't leave it. Redirects are never followed here."""

    def __init__(
        self, base_url: str, name: str, authorization: Callable[[], str | None], *, timeout_seconds: float = 15.0
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.name = name
        self._authorization = authorization
        self._timeout = timeout_seconds
        self._http: httpx.AsyncClient | None = None

    def fingerprint(self, accept: str) -> str:
        """Returns a short digest of credential and Accept header, to tell whose ETag a stored one is."""
        return hashlib.sha256(f"{self._authorization() or ''}\n{accept}".encode()).hexdigest()[:16]

    def url(self, path: str, params: Mapping[str, str | int] | None = None) -> str:
        """Returns the full URL for a path under the base, or checks that a full URL stays on this origin.

        Raises:
            SourceError: the URL leads to another scheme, host or port.
        """
        import httpx

        if "://" in path:
            if _origin(path) != _origin(self.base_url):
                raise SourceError(
                    Problem(ProblemKind.BAD_ANSWER, f"{self.name} pointed to another host ({urlsplit(path).hostname}).")
                )
            return path
        return str(httpx.URL(self.base_url + path, params=dict(params) if params else None))

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body_limit: int = BODY_LIMIT,
    ) -> Answer:
        """Sends one request once and returns the complete answer, whatever its status.

        Raises:
            SourceError: `unreachable` when no complete answer came, `bad_answer` when the body is over the limit or
                its encoding is broken; for anything but GET `outcome_unknown` when the request may have arrived.
        """
        import httpx

        try:
            async with self._client().stream(method, url, headers=self._headers(headers), json=json) as answer:
                body = bytearray()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > body_limit:
                        raise SourceError(
                            Problem(ProblemKind.BAD_ANSWER, f"{self.name} sent more than {body_limit // 2**20} MB.")
                        )
                return Answer(answer.status_code, dict(answer.headers), bytes(body), url)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise SourceError(self._unreachable(error)) from error
        except httpx.DecodingError as error:
            raise SourceError(
                Problem(ProblemKind.BAD_ANSWER, f"{self.name} sent a body with broken encoding.")
            ) from error
        except httpx.HTTPError as error:
            problem = self._unreachable(error)
            if method != "GET":
                problem = Problem(
                    ProblemKind.OUTCOME_UNKNOWN,
                    f"{self.name} was asked, but its answer was lost. It is not asked again by itself.",
                )
            raise SourceError(problem) from error

    @asynccontextmanager
    async def stream(
        self, url: str, *, headers: Mapping[str, str] | None = None, authorized: bool = True
    ) -> "AsyncIterator[httpx.Response]":
        """Opens a GET whose body is read piece by piece. With `authorized=False` any host may be asked, without token.

        Raises:
            SourceError: as `send`, also while the body is read.
        """
        import httpx

        sent = self._headers(headers)
        if not authorized:
            sent.pop("Authorization", None)
        elif _origin(url) != _origin(self.base_url):
            raise SourceError(Problem(ProblemKind.BAD_ANSWER, f"{self.name} pointed to another host."))
        try:
            async with self._client().stream("GET", url, headers=sent) as answer:
                yield answer
        except httpx.HTTPError as error:
            raise SourceError(self._unreachable(error)) from error

    async def close(self) -> None:
        """Closes the pool."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def _client(self) -> "httpx.AsyncClient":
        if self._http is None:
            import httpx

            self._http = httpx.AsyncClient(
                timeout=httpx.Timeout(self._timeout, connect=min(5.0, self._timeout)),
                limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=60.0),
                follow_redirects=False,
                trust_env=urlsplit(self.base_url).scheme == "https",
            )
        return self._http

    def _headers(self, extra: Mapping[str, str] | None) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT, **(extra or {})}
        authorization = self._authorization()
        if authorization:
            headers["Authorization"] = authorization
        return headers

    def _unreachable(self, error: Exception) -> Problem:
        import httpx

        what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "could not be reached"
        if isinstance(error, httpx.ReadError | httpx.RemoteProtocolError):
            what = "cut the connection"
        return Problem(ProblemKind.UNREACHABLE, f"{self.name} ({urlsplit(self.base_url).netloc}) {what}.")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return (parts.scheme, parts.hostname, parts.port)
