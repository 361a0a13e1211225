"""Who is calling, how much the caller may still ask for, and what was asked: the counters that tests read."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

CORE, SEARCH = "core", "search"
_WINDOW_SECONDS = {CORE: 3600, SEARCH: 60}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sends a request. `token` is None for an anonymous caller."""

    login: str
    id: int
    token: str | None
    admin: bool = False
    scopes: str = ""


ANONYMOUS = Caller("", 0, None)


@dataclass(slots=True)
class Window:
    """What one caller has used of one resource since the window began."""

    limit: int
    reset: int
    used: int = 0

    @property
    def remaining(self) -> int:
        """How many requests are left."""
        return max(0, self.limit - self.used)


class Limits:
    """The primary rate limits: fixed windows that begin with the first request, counted for every caller."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.core_limit = 5000
        self.anonymous_limit = 60
        self.search_limit = 30
        self._now = now
        self._windows: dict[tuple[str | None, str], Window] = {}

    def window(self, caller: Caller, resource: str = CORE) -> Window:
        """Returns the caller's running window."""
        key = (caller.token, resource)
        seconds = self._now().timestamp()
        window = self._windows.get(key)
        if window is None or seconds >= window.reset:
            window = Window(0, int(seconds) + _WINDOW_SECONDS[resource])
            self._windows[key] = window
        if resource == SEARCH:
            window.limit = self.search_limit if caller.token else min(10, self.search_limit)
        else:
            window.limit = self.core_limit if caller.token else self.anonymous_limit
        return window

    def spend(self, caller: Caller, count: int, resource: str = CORE) -> None:
        """Uses up requests as another program with the same token would."""
        window = self.window(caller, resource)
        window.used = min(window.limit, window.used + count)

    def headers(self, caller: Caller, resource: str = CORE) -> dict[str, str]:
        """Returns the rate headers as they stand now."""
        window = self.window(caller, resource)
        return {
            "x-ratelimit-limit": str(window.limit),
            "x-ratelimit-remaining": str(window.remaining),
            "x-ratelimit-reset": str(window.reset),
            "x-ratelimit-used": str(window.used),
            "x-ratelimit-resource": resource,
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that the API answered."""

    method: str
    path: str
    status: int
    charged: bool
    login: str


@dataclass(slots=True)
class RequestLog:
    """What was asked of the API since the start, or since `clear()`."""

    total: int = 0
    charged: int = 0
    by_route: Counter[str] = field(default_factory=Counter)
    """`GET /repos/...` without the query -> how often."""
    statuses: Counter[int] = field(default_factory=Counter)
    recent: deque[Seen] = field(default_factory=lambda: deque(maxlen=5000))

    def add(self, seen: Seen) -> None:
        """Counts one request."""
        self.total += 1
        self.charged += seen.charged
        self.by_route[f"{seen.method} {seen.path}"] += 1
        self.statuses[seen.status] += 1
        self.recent.append(seen)

    def clear(self) -> None:
        """Starts counting from nothing."""
        self.total = self.charged = 0
        self.by_route.clear()
        self.statuses.clear()
        self.recent.clear()


@dataclass(frozen=True, slots=True)
class Write:
    """One request that wanted to change something, and what it was told."""

    method: str
    path: str
    body: dict[str, object]
    status: int
    login: str
    at: datetime
