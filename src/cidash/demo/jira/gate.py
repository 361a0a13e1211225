"""What every request passes before an endpoint sees it: faults, login, rate limits, headers, bookkeeping."""

import base64
import binascii
import inspect
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from cidash.demo.jira.refusal import RefusedError
from cidash.demo.jira.workflow import PEOPLE, Person
from cidash.demo.jira.world import World, Write

VISITOR = Person("", "", "", may_write=False)
BAD_BODY = "Invalid request payload. Refer to the REST API documentation and try again."
READING_POSTS = ("/search/jql", "/search/approximate-count", "/issue/bulkfetch", "/search")
"""POSTs that only read: not writes, for the records and for the permission."""
WRITES_PER_ISSUE = 20
WRITE_WINDOW = timedelta(seconds=2)
BURST_WINDOW = timedelta(seconds=1)
MAX_BODY = 1_000_000


@dataclass(frozen=True)
class Call:
    """A request that got through: who asks, in which API version, with which body."""

    world: World
    version: int
    person: Person
    request: Request
    body: Any
    """The parsed JSON, or None if the request has no body."""

    def json_object(self, *known: str) -> dict[str, Any]:
        """Return the body as an object.

        Raises:
            RefusedError: 400 if it is none, or has a key that is not known.
        """
        if not isinstance(self.body, dict) or (known and set(self.body) - set(known)):
            raise RefusedError(400, BAD_BODY)
        return self.body

    def query(self, name: str, default: str = "") -> str:
        """Return a query parameter."""
        return self.request.query_params.get(name, default)

    def names(self, name: str) -> list[str]:
        """Return a list given as repeated parameters, or with commas."""
        given = ",".join(self.request.query_params.getlist(name))
        return [part.strip() for part in given.split(",") if part.strip()]


Handler = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def nothing() -> Response:
    """Return Jira's success without content: 204, empty, and yet called HTML."""
    return Response(status_code=204, media_type="text/html")


def guard(world: World, handler: Handler, *, open_to_all: bool = False) -> Endpoint:
    """Return the endpoint that lets a request through to the handler.

    Args:
        world: Where requests are counted and faults are asked for.
        handler: Answers, or raises RefusedError.
        open_to_all: Whether it answers without a login, as `serverInfo` does.
    """

    async def endpoint(request: Request) -> Response:
        world.settle()
        world.requests[f"{request.method} {request.url.path}"] += 1
        raw = await request.body()
        response = await _maybe(world.faults(request) if world.faults else None)
        if response is None:
            response = _answer(world, request, raw, handler, open_to_all=open_to_all)
        _record(world, request, raw, response.status_code)
        changed = await _maybe(world.answer_faults(request, response) if world.answer_faults else None)
        return changed or response

    return endpoint


async def _maybe(answer: Response | Awaitable[Response | None] | None) -> Response | None:
    if inspect.isawaitable(answer):
        return await answer
    return answer


def _answer(world: World, request: Request, raw: bytes, handler: Handler, *, open_to_all: bool) -> Response:
    limits: dict[str, str] = {}
    try:
        person = _let_in(world, request, open_to_all=open_to_all)
        limits = _burst(world, f"{request.method} {handler.__name__}")
        if is_write(request):
            _writes_on_one_issue(world, request)
        _fit_data_center(world, request.url.path)
        call = Call(world, _version(request), person, request, _parsed(raw))
        response = handler(call)
    except RefusedError as refusal:
        response = _refused(request, refusal)
    response.headers.setdefault("Cache-Control", "no-cache, no-store, no-transform")
    response.headers.update(limits)
    return response


def _fit_data_center(world: World, path: str) -> None:
    """Refuse what Data Center does not have: version 3, and Cloud's new searches."""
    clouds = path.startswith("/ex/jira/") or path.endswith(("/search/jql", "/bulkfetch", "/approximate-count"))
    if world.data_center and (clouds or "/rest/api/3/" in path):
        raise RefusedError(404, "dead link: there is nothing at this address")


def _refused(request: Request, refusal: RefusedError) -> Response:
    if refusal.status == 429 and request.url.path.endswith("/search/jql"):
        # Some paths are refused by the edge, which speaks HTML.
        page = "<html><head><title>429 Too Many Requests</title></head><body>Rate limit exceeded</body></html>"
        return HTMLResponse(page, 429, refusal.headers)
    return JSONResponse(refusal.body, refusal.status, refusal.headers)


def _version(request: Request) -> int:
    return 2 if "/rest/api/2/" in request.url.path else 3


def _parsed(raw: bytes) -> Any:
    if not raw.strip():
        return None
    if len(raw) > MAX_BODY:
        raise RefusedError(413, "The request is too large.")
    try:
        return json.loads(raw)
    except ValueError:
        raise RefusedError(400, BAD_BODY) from None


def _person(header: str) -> Person | None:
    kind, _, secret = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        email, _, token = base64.b64decode(secret.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return next((each for each in PEOPLE.values() if each.token and (each.email, each.token) == (email, token)), None)


def _let_in(world: World, request: Request, *, open_to_all: bool) -> Person:
    header = request.headers.get("authorization", "")
    if open_to_all:
        return _person(header) or VISITOR
    if world.captcha:
        raise RefusedError(
            403,
            "Basic Authentication Failure - Reason : AUTHENTICATION_DENIED",
            headers={"X-Authentication-Denied-Reason": f"CAPTCHA_CHALLENGE; login-url={world.url}/login.jsp"},
        )
    at_gateway = request.url.path.startswith("/ex/jira/")
    if world.scoped_tokens != at_gateway and not world.data_center:
        return _anybody(open_to_all=False)
    if world.data_center or at_gateway:
        by_token = _bearer(header)
        if by_token is not None:
            return by_token
        if world.data_center or world.gateway_bearer_only:
            return _anybody(open_to_all=False)
    return _person(header) or _anybody(open_to_all=False)


def _bearer(header: str) -> Person | None:
    kind, _, secret = header.partition(" ")
    if kind.lower() != "bearer":
        return None
    return next((each for each in PEOPLE.values() if each.token and each.token == secret.strip()), None)


def _anybody(*, open_to_all: bool) -> Person:
    """Return the nameless visitor, where one may come in."""
    if open_to_all:
        return VISITOR
    raise RefusedError(
        401,
        "You are not authenticated. Authentication required to perform this operation.",
        headers={"WWW-Authenticate": 'Basic realm="protected-area"', "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"},
    )


def _burst(world: World, endpoint: str) -> dict[str, str]:
    now = world.now()
    recent = _recent(world.recent_requests.setdefault(endpoint, deque()), now, BURST_WINDOW)
    if len(recent) >= world.burst_limit:
        raise RefusedError(429, "Rate limit exceeded.", headers=_limit_headers(world, "jira-burst-based", now))
    recent.append(now)
    left = world.burst_limit - len(recent)
    near = {"X-RateLimit-NearLimit": "true"} if left < world.burst_limit / 5 else {}
    return {"X-RateLimit-Limit": str(world.burst_limit), "X-RateLimit-Remaining": str(left), **near}


def _writes_on_one_issue(world: World, request: Request) -> None:
    key = str(request.path_params.get("key", "")).upper()
    if not key:
        return
    now = world.now()
    recent = _recent(world.recent_writes.setdefault(key, deque()), now, WRITE_WINDOW)
    if len(recent) >= WRITES_PER_ISSUE:
        raise RefusedError(429, "Rate limit exceeded.", headers=_limit_headers(world, "jira-per-issue-on-write", now))
    recent.append(now)


def _recent(moments: deque[datetime], now: datetime, window: timedelta) -> deque[datetime]:
    while moments and moments[0] <= now - window:
        moments.popleft()
    return moments


def _limit_headers(world: World, reason: str, now: datetime) -> dict[str, str]:
    seconds = world.retry_after_seconds if reason == "jira-burst-based" else 2
    limit = world.burst_limit if reason == "jira-burst-based" else WRITES_PER_ISSUE
    reset = (now + timedelta(seconds=seconds)).astimezone(UTC)
    return {
        "Retry-After": str(seconds),
        "RateLimit-Reason": reason,
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%MZ}",
    }


def is_write(request: Request) -> bool:
    """Return whether a request changes something when it succeeds."""
    return request.method in ("POST", "PUT", "DELETE") and not request.url.path.endswith(READING_POSTS)


def _record(world: World, request: Request, raw: bytes, status: int) -> None:
    if not is_write(request):
        return
    try:
        body = json.loads(raw) if raw.strip() else None
    except ValueError:
        body = None
    world.writes.append(Write(world.now(), request.method, request.url.path, body, status))
