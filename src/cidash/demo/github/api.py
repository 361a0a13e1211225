"""The API's ASGI app: who calls, what it costs, which handler answers, and the habits around every answer."""

import hashlib
import inspect
import json
from datetime import datetime
from email.utils import format_datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cidash.demo.github import (
    checks_api,
    pulls_api,
    render,
    repo_api,
    runs_api,
    storage_api,
    writes_api,
)
from cidash.demo.github.limits import ANONYMOUS, CORE, SEARCH, Caller, Seen, Write
from cidash.demo.github.model import FULL_NAME
from cidash.demo.github.web import (
    Call,
    Handler,
    RefusalError,
    Reply,
    answer,
    find,
    not_found,
    query_of,
    split_path,
)
from cidash.demo.github.world import World

_VERSIONS = ("2022-11-28", "2026-03-10")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_ROUTES = [
    route for part in (runs_api, storage_api, writes_api, pulls_api, checks_api, repo_api) for route in part.routes.all
]


def make_api(world: World) -> ASGIApp:
    """Returns the REST API's app."""

    async def serve(request: Request) -> Response:
        for fault in world.faults:
            result = fault(request)
            response = await result if inspect.isawaitable(result) else result
            if response is not None:
                return response
        return _serve(world, request, await request.body())

    return Starlette(routes=[Route("/{path:path}", serve, methods=_METHODS)])


def _serve(world: World, request: Request, raw_body: bytes) -> Response:
    now = world.now()
    world.catch_up(now)
    raw_path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").split("?", 1)[0]
    caller = _caller(world, request)
    known = caller if caller is not None else ANONYMOUS
    resource = SEARCH if raw_path.startswith("/search/") else CORE
    body: dict[str, object] = {}
    try:
        _admit(world, request, caller, resource)
        body = _body(raw_body)
        reply = _handle(world, request, raw_path, known, body, now)
    except RefusalError as refusal:
        reply = refusal.reply()
    response = _finish(world, request, reply, known, resource, raw_path, now)
    if request.method != "GET":
        world.writes.append(Write(request.method, request.url.path, body, response.status_code, known.login, now))
    return response


def _caller(world: World, request: Request) -> Caller | None:
    """Returns who is calling; None for a token that nobody has."""
    header = request.headers.get("authorization")
    if header is None:
        return ANONYMOUS
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in {"bearer", "token"}:
        return None
    return world.tokens.get(token.strip())


def _admit(world: World, request: Request, caller: Caller | None, resource: str) -> None:
    if not request.headers.get("user-agent"):
        raise RefusalError(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header "
            "(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).",
        )
    if caller is None:
        raise RefusalError(401, "Bad credentials")
    version = request.headers.get("x-github-api-version")
    if version is not None and version not in _VERSIONS:
        raise RefusalError(400, f'Version "{version}" is not a supported version of the GitHub API.')
    if request.url.path != "/rate_limit" and world.limits.window(caller, resource).remaining == 0:
        if caller.token is None:
            raise RefusalError(403, "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated "
                               "requests get a higher rate limit.)")  # fmt: skip
        raise RefusalError(403, f"API rate limit exceeded for user ID {caller.id}.")


def _body(raw: bytes) -> dict[str, object]:
    if not raw.strip():
        return {}
    try:
        value = json.loads(raw)
    except ValueError:
        raise RefusalError(400, "Problems parsing JSON") from None
    if not isinstance(value, dict):
        raise RefusalError(400, "Body should be a JSON object")
    return value


def _handle(
    world: World, request: Request, raw_path: str, caller: Caller, body: dict[str, object], now: datetime
) -> Reply:
    handler, args, path = _route(request.method, raw_path)
    return handler(
        Call(
            world=world,
            method=request.method,
            path=path,
            query=query_of(request.scope.get("query_string", b"")),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            caller=caller,
            now=now,
            api_version=request.headers.get("x-github-api-version") or _VERSIONS[0],
            args=args,
        )
    )


def _route(method: str, raw_path: str) -> tuple[Handler, dict[str, str], str]:
    parts = split_path(raw_path)
    if parts is None:
        raise not_found()
    if method == "GET" and "/".join(parts) in _ROOT:
        return _ROOT["/".join(parts)], {}, raw_path
    rest, skipped = None, 0
    if len(parts) >= 3 and parts[0] == "repos":
        if f"{parts[1]}/{parts[2]}".lower() == FULL_NAME.lower():
            rest, skipped = parts[3:], 4
    elif len(parts) >= 2 and parts[0] == "repositories" and parts[1] == str(render.REPOSITORY_ID):
        rest, skipped = parts[2:], 3
    found = find(_ROUTES, method, rest) if rest is not None else None
    if found is None:
        raise not_found()
    tail = "/".join(raw_path.split("/")[skipped:])
    return found[0], found[1], f"/repositories/{render.REPOSITORY_ID}" + (f"/{tail}" if tail else "")


def _index(call: Call) -> Reply:
    url = call.world.api_url
    return answer({"current_user_url": f"{url}/user", "rate_limit_url": f"{url}/rate_limit"})


def _user(call: Call) -> Reply:
    if call.caller.token is None:
        raise RefusalError(401, "Requires authentication")
    return answer({**render.user(call.world, call.caller.login), "name": call.caller.login, "public_repos": 1})


def _user_repos(call: Call) -> Reply:
    if call.caller.token is None:
        raise RefusalError(401, "Requires authentication")
    return call.listed([repo_api.repository_object(call)], lambda item: item)


def _rate_limit(call: Call) -> Reply:
    def shown(resource: str) -> dict[str, object]:
        window = call.world.limits.window(call.caller, resource)
        return {
            "limit": window.limit,
            "used": window.used,
            "remaining": window.remaining,
            "reset": window.reset,
            "resource": resource,
        }

    body: dict[str, object] = {"resources": {name: shown(name) for name in (CORE, SEARCH)}}
    if call.api_version == _VERSIONS[0]:
        body["rate"] = shown(CORE)
    reply = answer(body)
    reply.conditional, reply.free = False, True
    return reply


_ROOT: dict[str, Handler] = {
    "": _index,
    "user": _user,
    "user/repos": _user_repos,
    "rate_limit": _rate_limit,
    "search/issues": pulls_api.search_issues,
}


def _finish(
    world: World, request: Request, reply: Reply, caller: Caller, resource: str, raw_path: str, now: datetime
) -> Response:
    """Adds ETag, rate headers and date, turns the answer into a 304 where it is one, and charges for it."""
    headers = dict(reply.headers)
    status, body = reply.status, reply.body
    if reply.conditional and status == 200:
        etag = _etag(request, caller, body)
        headers |= {"etag": etag, "cache-control": "private, max-age=60, s-maxage=60"}
        headers["vary"] = "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With"
        if _same(request.headers.get("if-none-match"), etag):
            status, body = 304, b""
    charged = not reply.free and not (status == 304 and caller.token is not None)
    if charged:
        world.limits.spend(caller, 1, resource)
    headers |= world.limits.headers(caller, resource)
    headers |= {
        "date": format_datetime(now, usegmt=True),
        "server": "github.com",
        "x-github-media-type": "github.v3; format=json",
        "x-github-request-id": f"DE10:{world.requests.total:X}:{int(now.timestamp()):X}",
        "x-github-api-version-selected": request.headers.get("x-github-api-version") or _VERSIONS[0],
    }
    if caller.scopes:
        headers |= {"x-oauth-scopes": caller.scopes, "x-accepted-oauth-scopes": "repo"}
    world.requests.add(Seen(request.method, raw_path, status, charged, caller.login))
    if status == 304 or (status == 204 and not body):
        return Response(None, status, headers)
    headers["content-type"] = reply.media
    return Response(body, status, headers)


def _etag(request: Request, caller: Caller, body: bytes) -> str:
    digest = hashlib.sha256(f"{caller.token}\n{request.headers.get('accept')}\n".encode())
    digest.update(f"{request.headers.get('x-github-api-version')}\n{request.url.query}\n".encode())
    digest.update(body)
    return f'W/"{digest.hexdigest()}"'


def _same(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    wanted = {value.strip().removeprefix("W/") for value in header.split(",")}
    return "*" in wanted or etag.removeprefix("W/") in wanted
