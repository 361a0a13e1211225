"""Family `docker`: builds in BuildKit's plain progress output.

Every line of a build begins with "#N ", N being a vertex. Numbers interleave, a header is printed again after a pause
("#N ..."), and they start anew with the next build, which often has no opening line of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cidash.analysis.cachelog.line import Line
from cidash.analysis.cachelog.messages import Heard, phrases_only
from cidash.analysis.cachelog.step import Step
from cidash.domain.cache import CacheEvent
from cidash.domain.text import clean

FAMILY = "docker"
TOOL = "buildkit"
_MOST_VERTICES = 10_000
_TYPES = ("gha", "registry", "local", "s3", "azblob", "inline")
_BACKENDS = {"to GitHub Actions Cache": "gha", "cache to registry": "registry", "cache to client directory": "local"}


@dataclass(slots=True)
class Vertex:
    """One numbered thing that a build does."""

    kind: str
    """`layer`, `from`, `import`, `export`, `image` or `other`."""
    name: str
    line: int
    began: float | None
    status: str | None = None
    seconds: float | None = None
    ended: float | None = None


@dataclass(slots=True)
class Build:
    """One build of a step."""

    exports_to: str | None
    """The backend that the step asked for; older exports do not name theirs."""
    title: str | None
    line: int
    began: float | None
    ended: float | None = None
    vertices: dict[str, Vertex] = field(default_factory=dict)
    failed: bool = False
    refused: int | None = None
    """The line that says that this builder cannot export a cache."""
    lost: list[tuple[str, int]] = field(default_factory=list)
    """Local caches that were not there to import, each with its line."""

    @property
    def is_build(self) -> bool:
        """Whether anything of a Dockerfile was seen; starting a builder prints vertices too."""
        return any(v.kind in {"layer", "from"} or "load build definition" in v.name for v in self.vertices.values())

    def starts_anew(self, number: str, name: str) -> bool:
        """Returns whether a header with this number and name belongs to another build than this one."""
        known = self.vertices.get(number)
        if known is None or known.status is None:
            return known is not None and known.name != name
        return known.name != name or (number == "1" and "load build definition" in name)

    def events(self, cache: str) -> Iterator[CacheEvent]:
        """Yields the build and its cache imports and exports."""
        exports_to = self.exports_to
        layers = [v for v in self.vertices.values() if v.kind == "layer"]
        broken = any(v.status == "ERROR" and v.kind in {"layer", "from", "image"} for v in self.vertices.values())
        if self.is_build:
            yield CacheEvent(
                TOOL,
                FAMILY,
                "build",
                "failed" if self.failed or broken else "ok",
                self.title,
                cache,
                duration_seconds=_span(self.began, self.ended),
                line=self.line,
                steps_cached=sum(v.status == "CACHED" for v in layers),
                steps_total=len(layers),
            )
        for vertex in self.vertices.values():
            if vertex.kind in {"import", "export"} and vertex.status is not None:
                key = vertex.name if vertex.kind == "import" else _BACKENDS.get(vertex.name, exports_to)
                yield CacheEvent(
                    TOOL,
                    FAMILY,
                    vertex.kind,
                    "ok" if vertex.status in {"DONE", "CACHED"} else "failed",
                    self.title,
                    cache,
                    key=clean(key) or None,
                    duration_seconds=vertex.seconds
                    if vertex.seconds is not None
                    else _span(vertex.began, vertex.ended),
                    line=vertex.line,
                )
        for path, line in self.lost:
            yield CacheEvent(TOOL, FAMILY, "import", "failed", self.title, cache, key=clean(path), line=line)
        if self.refused is not None:
            yield CacheEvent(TOOL, FAMILY, "export", "failed", self.title, cache, key=exports_to, line=self.refused)


class Builds:
    """Collects the builds of a job."""

    def __init__(self) -> None:
        self.builds: list[Build] = []
        self._open: Build | None = None
        self._phrases = phrases_only("buildkit")
        self._vertices = 0

    def leave_step(self) -> None:
        """Ends the build that is going on: another step begins."""
        self._open = None

    def takes(self, line: Line, step: Step | None, title: str | None) -> bool:
        """Takes a line; returns whether it is one of BuildKit's."""
        heard = self._phrases.hear(line.text)
        if heard is None or self._vertices > _MOST_VERTICES:
            return heard is not None
        number = heard.groups.get("id")
        if number is None:
            self._note(heard, line, step, title)
        elif heard.means in {"cached", "done", "error", "canceled"}:
            self._finish(heard, number, line)
        else:
            self._begin(heard, number, line, step, title)
        if self._open is not None and line.time is not None:
            self._open.ended = line.time
        return True

    def _note(self, heard: Heard, line: Line, step: Step | None, title: str | None) -> None:
        if heard.means == "failed":
            if self._open is not None:
                self._open.failed = True
            return
        build = self._open
        if heard.means == "start" or build is None:
            build = self._new(line, step, title)
        if heard.means == "no-import" and len(build.lost) < 100:
            build.lost.append(((heard.groups["key"] or "")[:500], line.number))
        elif heard.means == "no-export":
            build.refused = line.number

    def _new(self, line: Line, step: Step | None, title: str | None) -> Build:
        target = (step.inputs.get("cache-to") or step.script) if step else ""
        backend = next((name for name in _TYPES if f"type={name}" in target), None)
        self._open = Build(backend, title, line.number, line.time)
        self._vertices += 1
        self.builds.append(self._open)
        return self._open

    def _begin(self, heard: Heard, number: str, line: Line, step: Step | None, title: str | None) -> None:
        kind, name = _kind(heard)
        build = self._open
        if build is None or build.starts_anew(number, name):
            build = self._new(line, step, title)
        if number not in build.vertices:
            build.vertices[number] = Vertex(kind, name, line.number, line.time)
            self._vertices += 1

    def _finish(self, heard: Heard, number: str, line: Line) -> None:
        vertex = self._open.vertices.get(number) if self._open is not None else None
        if vertex is None or (vertex.status is not None and heard.means == "done"):
            return
        vertex.status = heard.means.upper()
        vertex.ended = line.time
        if vertex.kind in {"import", "export"}:
            vertex.line = line.number
        seconds = heard.groups.get("seconds")
        if heard.means == "done" and seconds and seconds.count(".") <= 1 and len(seconds) < 16:
            vertex.seconds = float(seconds) if seconds != "." else None


def _kind(heard: Heard) -> tuple[str, str]:
    what = heard.groups.get("what") or ""
    match heard.means:
        case "layer":
            name = f"[{heard.groups['where']}] {what}"
            return ("from" if what.upper().startswith("FROM ") else "layer"), name[:500]
        case "import":
            return "import", (heard.groups["key"] or "")[:500]
        case "export":
            return "export", (heard.groups["where"] or "")[:100]
        case "image":
            return "image", "exporting"
        case _:
            return "other", f"[{heard.groups.get('where')}] {what}"[:500]


def _span(began: float | None, ended: float | None) -> float | None:
    return None if began is None or ended is None else round(max(0.0, ended - began), 3)
