"""Reads one job: follows its steps and hands every line to what may believe it in the step that runs."""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase

from cidash.analysis.cachelog.actions import CacheStep
from cidash.analysis.cachelog.buildkit import Builds
from cidash.analysis.cachelog.line import HEADER, JOB_END, JOB_START, POST, Line
from cidash.analysis.cachelog.messages import Heard, all_phrases, phrases_of
from cidash.analysis.cachelog.statistics import Total, Totals
from cidash.analysis.cachelog.step import Header, Step
from cidash.domain.cache import CacheEvent
from cidash.domain.text import clean

_MOST_STEPS = 300
_MOST_TOTALS = 2000
_PRE_COMMIT = "pre-commit/action"
_TESTS = " test session starts ="
_LOOKS_BACK = 24


class Job:
    """Takes the lines of one job and gives its events once it has ended."""

    def __init__(self, plain: bool, columns: bool) -> None:
        """`plain`: no time stamps, as in a copy of the web page; `columns`: `gh run view --log`."""
        self.plain = plain
        self.columns = columns
        self._header: Header | None = None
        self._step: Step | None = None
        self._cache_step: CacheStep | None = None
        self.column: str | None = None
        self._cache_steps: list[CacheStep] = []
        self._totals: list[tuple[Total, str | None]] = []
        self._builds = Builds()
        self._counting = Totals()
        self._post: float | None = None
        self._in_post = False
        self._headers = 0
        self._fresh = False
        self._size: tuple[Heard, Line] | None = None
        self._lead: str | None = None
        self.ended = False

    def is_over(self, line: Line) -> bool:
        """Returns whether this line opens the log of another job."""
        if not line.text.startswith(JOB_START):
            return False
        return self.ended or (self._fresh and (self._step is None or not self._step.is_script))

    def line(self, line: Line, previous: Callable[[int], list[bytes]]) -> bool:
        """Takes a line; returns whether the next line is wanted whatever it holds."""
        if self.columns and line.step != self.column:
            self._change_column(line)
        if self._header is not None:
            return self._in_header(line, previous)
        if line.text.startswith(HEADER) or self._is_plain_header(line):
            self._header = Header(line, plain=not line.text.startswith(HEADER))
            return True
        return self._ordinary(line, previous)

    def _is_plain_header(self, line: Line) -> bool:
        return self.plain and line.text.startswith("Run ") and len(line.text) < 2000

    def _in_header(self, line: Line, previous: Callable[[int], list[bytes]]) -> bool:
        header = self._header
        assert header is not None
        if header.ends_with(line):
            self._header = None
            if header.believed:
                self._enter(header.step, line)
            return False
        if header.takes(line):
            return True
        self._header = None
        collapsed = self.plain and header.step.tool is not None
        if header.believed or collapsed:
            self._enter(header.step, line)
        return self.line(line, previous)

    def _ordinary(self, line: Line, previous: Callable[[int], list[bytes]]) -> bool:
        text = line.text
        if text == POST:
            self._begin_post(line)
            return False
        if text == JOB_END or text.startswith(JOB_START):
            self._fresh = self._fresh or text != JOB_END
            if text == JOB_END:
                self.ended = True
                self._leave()
                self._in_post, self._post = False, None
            return False
        step = self._step
        if self._in_post:
            self._post_line(line)
            return self._counting.takes(line, lambda: previous(_LOOKS_BACK), self.columns)
        if step is None or step.tool is not None:
            self._action_line(line)
        if step is not None and step.is_script:
            if _TESTS in text:
                step.testing = True
            if step.testing or step.only_shows() or step.echoes(text):
                return False
        if self._builds.takes(line, step, self._title()):
            return False
        return self._counting.takes(line, lambda: previous(_LOOKS_BACK), self.columns)

    def _title(self) -> str | None:
        return self.column or (self._step.title if self._step else None)

    def _change_column(self, line: Line) -> None:
        self._leave()
        self.column = line.step
        self._header = None
        self._step = None
        self._in_post = (line.step or "").startswith("Post ")
        self._post = line.time if self._in_post else None

    def _leave(self) -> None:
        """Ends the step or post part that was going on."""
        title = self._title() or ("Post job cleanup" if self._in_post else None)
        for total in self._counting.leave_step():
            if len(self._totals) < _MOST_TOTALS:
                self._totals.append((total, title))
        self._builds.leave_step()
        if self._cache_step is not None:
            self._cache_step.ended = True
            if self._in_post:
                self._cache_step.posted = True
        self._cache_step = None
        self._size = None

    def _enter(self, step: Step, line: Line) -> None:
        if self._in_post and not (self.column or "").startswith("Post "):
            self._forget_post()
        self._leave()
        self._in_post, self._post = False, None
        self._headers += 1
        self.ended = False
        if step.action and step.action.casefold() == _PRE_COMMIT:
            self._lead = _PRE_COMMIT
        key = step.inputs.get("key", "")
        if self._lead and step.tool == "actions/cache" and key.startswith("pre-commit-"):
            step.tool = "pre-commit"
        self._step = step
        if step.tool is not None and len(self._cache_steps) < _MOST_STEPS:
            self._cache_step = CacheStep(step, step.tool, line.number)
            self._cache_steps.append(self._cache_step)

    def _forget_post(self) -> None:
        """A step after "Post job cleanup." shows that a script printed those words: nothing after them counts."""
        for cached in self._cache_steps:
            if cached.posted or cached is self._cache_step:
                cached.saves = [save for save in cached.saves if save.began is not None and save.begun]
                cached.posted = False

    def _begin_post(self, line: Line) -> None:
        step = self._step
        if not self._in_post and step is not None and step.is_script and (step.only_shows() or step.echoes(POST)):
            return
        self._leave()
        self._in_post = True
        self._step = None
        self._post = line.time

    def _action_line(self, line: Line) -> None:
        cached = self._cache_step
        if cached is None:
            if self._step is not None or self._headers or self._fresh:
                return
            heard = all_phrases().hear(line.body)
            if heard is None or heard.means in {"size", "sent"}:
                return
            cached = self._orphan(heard)
        if cached is None:
            return
        found = phrases_of(cached.tool).hear(line.body)
        if found is not None and not (cached.tool == "sccache-action" and found.means != "statistics"):
            cached.hear(found, line, post=False, post_began=None)

    def _orphan(self, heard: Heard) -> CacheStep | None:
        """Makes a step for lines whose header is not in the log (a part of a log)."""
        if len(self._cache_steps) >= _MOST_STEPS:
            return None
        tool = next((name for name in heard.message.tools if name not in {"toolkit", "common"}), "actions/cache")
        self._cache_step = CacheStep(Step(self.column, tool=tool), tool)
        self._cache_steps.append(self._cache_step)
        return self._cache_step

    def _post_line(self, line: Line) -> None:
        cached = self._cache_step
        body = line.body
        if cached is None:
            heard = all_phrases().hear_all(body)
            if heard and heard[0].means in {"size", "sent"}:
                self._size = heard[0], line
            if not heard or heard[0].means in {"size", "sent"}:
                return
            cached = self._owner(heard)
            if cached is None:
                return
            self._cache_step = cached
            if self.column:
                cached.post_title = self.column
            if self._size is not None:
                cached.hear(*self._size, post=True, post_began=self._post)
        found = phrases_of(cached.tool).hear(body)
        if found is not None:
            cached.hear(found, line, post=True, post_began=self._post)

    def _owner(self, heard: list[Heard]) -> CacheStep | None:
        """Returns the step whose post part this is: by title, by key, else the last one that can have said it."""
        able = [c for c in reversed(self._cache_steps) if not c.posted and self._can_say(c, heard)]
        if self.column:
            able = [c for c in able if c.step.title in {self.column.removeprefix("Post "), self.column}]
        key = next((h.groups["key"] for h in heard if h.groups.get("key")), None)
        if key:
            known = [c for c in able if c.knows(key)]
            able = known or [c for c in able if c.knows(key) is None or not c.requested]
        if able:
            return able[0]
        return None if self._headers and (self._fresh or self.column) else self._orphan(heard[0])

    @staticmethod
    def _can_say(cached: CacheStep, heard: list[Heard]) -> bool:
        phrases = phrases_of(cached.tool)
        return cached.step.action != "actions/cache/restore" and any(phrases.holds(h.message) for h in heard)

    def finish(self) -> None:
        """Ends the job: no more lines come."""
        if self._header is not None and self._header.believed:
            self._enter(self._header.step, Line(0, "", None, None, None, False))
            self._cache_steps = [c for c in self._cache_steps if c.header_line != 0]
        self._header = None
        ended = self.ended
        cached = self._cache_step
        self._leave()
        if not ended and cached is not None:
            cached.ended = cached.posted = False

    def events(self, naming: "Naming") -> Iterator[CacheEvent]:
        """Yields the events of the job, which has been finished."""
        for cached in self._cache_steps:
            if cached.header_line is None and self._headers and not cached.saves:
                continue
            if not (
                cached.restores or cached.saves or cached.step.action in {"actions/cache", "actions/cache/restore"}
            ):
                continue
            title = cached.step.title
            names = naming.of(cached, cached.tool, title, cached.requested)
            if cached.step.action == "actions/cache/save":
                names = self._partner(cached, naming) or names
                post = title
            else:
                post = cached.post_title or (f"Post {title}" if title and cached.posted else title)
            yield from cached.events(names, title, post)
        for build in self._builds.builds:
            name = naming.of(build, "buildkit", build.title, None)
            yield from build.events(name)
        for total, title in self._totals:
            name = naming.of(total, total.tool, title, None)
            yield CacheEvent(
                total.tool,
                total.family,
                "statistics",
                "ok",
                title,
                name,
                line=total.line,
                hits=total.hits,
                misses=total.misses,
            )

    def _partner(self, saved: CacheStep, naming: "Naming") -> str | None:
        """Returns the name of the cache that a save-only step completes: that of the restore of the same key."""
        for cached in self._cache_steps:
            if cached.step.action == "actions/cache/restore" and cached.requested == saved.requested:
                return naming.of(cached, cached.tool, cached.step.title, cached.requested)
        return None


class Naming:
    """Gives each cache its name: tool and step title, unless the configuration names it; no two the same."""

    def __init__(self, names: Mapping[str, str] | None) -> None:
        """`names` gives a name for a pattern (`*`, `?`) of the default name, the step title or the key."""
        self._names = dict(names or {})
        self._given: dict[int, str] = {}
        self._used: dict[str, int] = {}
        self._kept: list[object] = []

    def of(self, thing: object, tool: str, title: str | None, key: str | None) -> str:
        """Returns the name of the cache that `thing` (a step, a build, a total) is about."""
        if id(thing) in self._given:
            return self._given[id(thing)]
        name = f"{tool}: {clean(title)}" if title else tool
        configured = next(
            (
                new
                for pattern, new in self._names.items()
                if any(fnmatchcase(text, pattern) for text in (name, title, key) if text)
            ),
            None,
        )
        name = configured or name
        if configured is None:
            base, count = name, self._used.get(name, 0)
            while count and (name := f"{base} ({count + 1})") in self._used:
                count += 1
            self._used[base] = count + 1
            self._used.setdefault(name, 1)
        self._given[id(thing)] = name
        self._kept.append(thing)
        return name
