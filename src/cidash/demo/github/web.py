"""Requests, answers and routes of the demo's GitHub: what every handler is given and gives back."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

from cidash.demo.github.limits import Caller

if TYPE_CHECKING:
    from cidash.demo.github.world import World

T = TypeVar("T")
JSON = "application/json; charset=utf-8"
_DOCS = "https://docs.github.com/rest"


class RefusalError(Exception):
    """An answer that is not a success: its status, and the message that GitHub gives."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})

    def reply(self) -> "Reply":
        """Returns the answer that says so."""
        body: dict[str, object] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = list(self.errors)
        body |= {"documentation_url": _DOCS, "status": str(self.status)}
        return Reply(self.status, json.dumps(body).encode(), self.headers)


NOT_FOUND = "Not Found"


def not_found() -> RefusalError:
    """Returns GitHub's plain 404."""
    return RefusalError(404, NOT_FOUND)


@dataclass(slots=True)
class Reply:
    """A finished answer. `conditional` answers get an ETag and may become a 304; `free` ones are never charged."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    media: str = JSON
    conditional: bool = False
    free: bool = False


def answer(value: object, status: int = 200) -> Reply:
    """Returns the value as JSON."""
    return Reply(status, dumps(value), conditional=status == 200)


def dumps(value: object) -> bytes:
    """Returns compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(slots=True)
class Call:
    """One request on its way to a handler. `path` is the decoded path from the repository on, for links."""

    world: "World"
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, object]
    caller: Caller
    now: datetime
    api_version: str
    args: Mapping[str, str] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """Returns a numeric part of the path; anything else is not found."""
        text = self.args[name]
        if not text.isdecimal() or len(text) > 18:
            raise not_found()
        return int(text)

    def flag(self, name: str) -> bool:
        """Returns a boolean query parameter, false unless said."""
        return self.query.get(name, "").lower() in {"true", "1"}

    def paging(self) -> tuple[int, int]:
        """Returns page and size: 30 unless said, never more than 100."""
        return _positive(self.query.get("page"), 1, 10**9), _positive(self.query.get("per_page"), 30, 100)

    def link(self, total: int) -> dict[str, str]:
        """Returns the Link header for a list of that length, as GitHub builds it: with the repository's number."""
        page, size = self.paging()
        last = max(1, -(-total // size))
        wanted = []
        if page > 1:
            wanted += [("prev", min(page - 1, last)), ("first", 1)]
        if page < last:
            wanted += [("next", page + 1), ("last", last)]
        if not wanted:
            return {}
        base = f"{self.world.api_url}{self.path}"
        links = []
        for relation, number in wanted:
            query = urlencode({**self.query, "page": str(number)})
            links.append(f'<{base}?{query}>; rel="{relation}"')
        return {"link": ", ".join(links)}

    def cut(self, items: Sequence[T], cap: int | None = None) -> tuple[Sequence[T], dict[str, str]]:
        """Returns the asked page of the items and the Link header; beyond `cap` nothing can be reached."""
        page, size = self.paging()
        reachable = items if cap is None else items[:cap]
        return reachable[(page - 1) * size : page * size], self.link(len(reachable))

    def listed(self, items: Sequence[T], show: Callable[[T], object]) -> Reply:
        """Returns the asked page of a plain array."""
        chosen, headers = self.cut(items)
        reply = answer([show(item) for item in chosen])
        reply.headers |= headers
        return reply

    def counted(self, name: str, items: Sequence[T], show: Callable[[T], object], cap: int | None = None) -> Reply:
        """Returns the asked page as `{total_count, name: [...]}`."""
        chosen, headers = self.cut(items, cap)
        reply = answer({"total_count": len(items), name: [show(item) for item in chosen]})
        reply.headers |= headers
        return reply

    def counted_bytes(self, name: str, items: Sequence[T], show: Callable[[T], bytes], cap: int | None = None) -> Reply:
        """Like `counted`, from items that are serialised already."""
        chosen, headers = self.cut(items, cap)
        rows = b",".join(show(item) for item in chosen)
        body = b'{"total_count":%d,"%s":[%s]}' % (len(items), name.encode(), rows)
        return Reply(200, body, headers, conditional=True)


def _positive(text: str | None, default: int, most: int) -> int:
    if text is None or not text.isdecimal() or int(text) < 1:
        return default
    return min(int(text), most)


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a pattern: `{name}` is one segment, a last `{name*}` all the rest."""

    method: str
    segments: tuple[str, ...]
    handler: Handler

    def match(self, parts: Sequence[str]) -> dict[str, str] | None:
        """Returns the pattern's arguments, or None."""
        rest = bool(self.segments) and self.segments[-1].endswith("*}")
        if len(parts) < len(self.segments) if rest else len(parts) != len(self.segments):
            return None
        found: dict[str, str] = {}
        for place, segment in enumerate(self.segments):
            if segment.endswith("*}"):
                found[segment[1:-2]] = "/".join(parts[place:])
            elif segment.startswith("{"):
                found[segment[1:-1]] = parts[place]
            elif segment != parts[place]:
                return None
        return found


class Routes:
    """The routes of one part of the API, filled by decorators."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def on(self, method: str, pattern: str) -> Callable[[Handler], Handler]:
        """Returns a decorator that makes the function answer that method and pattern."""

        def register(handler: Handler) -> Handler:
            self.all.append(Route(method, tuple(pattern.split("/")) if pattern else (), handler))
            return handler

        return register


def find(routes: Iterable[Route], method: str, parts: Sequence[str]) -> tuple[Handler, dict[str, str]] | None:
    """Returns the handler for a path, and its arguments; None is a 404, also for a method that is not served."""
    for route in routes:
        if route.method == method and (found := route.match(parts)) is not None:
            return route.handler, found
    return None


def split_path(raw_path: str) -> list[str] | None:
    """Returns the decoded segments of a path; None for one with an empty segment, such as a trailing slash."""
    parts = raw_path.removeprefix("/").split("/")
    if "" in parts:
        return [] if parts == [""] else None
    return [unquote(part) for part in parts]


def query_of(raw: bytes) -> dict[str, str]:
    """Returns the query's parameters; of repeated ones the last."""
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))
