"""The selected run: its jobs and steps as a Gantt chart, live."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.content import Content

from cidash.analysis.attempts import before_by_name, carried_from
from cidash.analysis.duration import elapsed_seconds, run_elapsed_seconds, step_elapsed_seconds
from cidash.analysis.eta import is_slow, typical_of_workflow
from cidash.analysis.path_left import path_left
from cidash.domain.cache import CacheState
from cidash.domain.ci import Job, Run, Step
from cidash.domain.format import age_text, seconds_text
from cidash.domain.snapshot import Part, RepositorySnapshot, SourceState, Typical
from cidash.domain.state import State
from cidash.tui import look
from cidash.tui.columns import assemble, fit, right, widest
from cidash.tui.keyed_list import Row
from cidash.tui.pane import Line, Pane, as_many_as_fit, with_filter
from cidash.tui.watch import items
from cidash.tui.watch.gantt import Axis, axis_of, job_bar, length_bar, ruler, step_bar
from cidash.tui.watch.moment import Moment

_TIME = 8
_CACHE = 13
_SPARE_LINES = 4
_BESIDE, _BESIDE_FROM = 13, 84
_WAITING = frozenset({State.QUEUED, State.REQUESTED, State.PENDING, State.WAITING})
_EARLIER_AT_LEAST, _EARLIER_AT_MOST = 2, 20
_NO_JOBS_YET = {
    State.ACTION_REQUIRED: "The run waits for somebody's approval",
    State.WAITING: "The run waits for an approval of its environment",
    State.PENDING: "Another run of the same concurrency group goes first",
}
_NO_PART: Part[tuple[Job, ...]] = Part()


@dataclass(frozen=True, slots=True)
class StepKey:
    """Identity of a step: its number within its job."""

    job_id: int
    number: int


class RunPane(Pane):
    """Jobs are rows; the steps of a job are unfolded beneath it when it runs, fails, or is opened."""

    def __init__(self) -> None:
        super().__init__(id="run")
        self.runs_line = Line(id="runs-line")
        self._moment: Moment | None = None
        self._folds: dict[int, bool] = {}
        self._unfolded: set[int] = set()
        self._run_key: tuple[int, int] | None = None

    def compose(self) -> ComposeResult:
        """Yields the title, the runs of the same commit, and the list."""
        yield self.title_line
        yield self.runs_line
        yield self.list

    def show(self, moment: Moment) -> None:
        """Shows the run of this moment."""
        self._moment = moment
        self.rebuild()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that are shown."""
        moment = self._moment
        if moment is None or moment.item is None or moment.run is None:
            return ()
        return items.jobs_of(moment.item.repository, moment.run)

    @property
    def cursor_job(self) -> Job | None:
        """The job under the cursor, or the one whose step is under the cursor."""
        row = self.list.cursor_row
        wanted = row.key.job_id if row is not None and isinstance(row.key, StepKey) else row.key if row else None
        return next((job for job in self.jobs if job.id == wanted), None)

    def toggle(self) -> None:
        """Folds or unfolds the steps of the job under the cursor."""
        job = self.cursor_job
        if job is not None and job.steps:
            self._folds[job.id] = not self._is_unfolded(job)
            if not self._folds[job.id]:
                self.list.put_cursor(job.id)
            self.rebuild()

    def rebuild(self) -> None:
        """Builds title, runs and rows to the pane's width."""
        moment = self._moment
        if moment is None or self.row_width <= 0:
            return
        item, run = moment.item, moment.run
        self._show_runs(moment)
        if item is None or run is None:
            self.title_line.put(Content("Run"), Content(""))
            nothing = "No run for this commit yet." if item and item.are_runs_read else ""
            self.show_rows((), Content(nothing or ("The runs have not been read yet." if item else "")))
            return
        jobs = self.jobs
        typical = typical_of_workflow(item.repository.typical, run.workflow_path)
        left = with_filter(_title(moment, run), self.list)
        room = max(self.size.width - left.cell_length - 8, 18)
        self.title_line.put(left, as_many_as_fit(_progress(moment, run, jobs, typical), room))
        cursor = self._first_cursor(run, jobs)
        self._note_folds(jobs)
        self.show_rows(self._rows(moment, run, jobs, typical), _why_empty(item.repository, run))
        if cursor is not None:
            self.list.put_cursor(cursor)

    def _first_cursor(self, run: Run, jobs: tuple[Job, ...]) -> int | None:
        """Returns where the cursor goes when another run or attempt is shown for the first time, else None.

        In another attempt it stays on the job of that name; in another run it goes to what failed or is running.
        """
        if run.key == self._run_key or not jobs:
            return None
        before, self._run_key = self._run_key, run.key
        row = self.list.cursor_row
        if before is not None and before[0] == run.id and row is not None:
            name = row.search.partition("\t")[0]
            return next((job.id for job in jobs if job.name == name), None)
        urgent = sorted(jobs, key=lambda job: (not job.state.is_red, job.state is not State.IN_PROGRESS))
        return urgent[0].id

    def _show_runs(self, moment: Moment) -> None:
        runs = moment.item.runs if moment.item is not None else ()
        self.runs_line.display = len(runs) > 1
        pieces: list[Content] = []
        for run in runs:
            state = look.of_state(run.state)
            chosen = moment.run is not None and run.id == moment.run.id
            name = (run.workflow_name, "$foreground bold underline" if chosen else look.MUTED)
            pieces.append(assemble((state.glyph, state.style), " ", name))
        self.runs_line.put(assemble("  ", Content("   ").join(pieces)))

    def _note_folds(self, jobs: tuple[Job, ...]) -> None:
        """What was unfolded once because it ran or failed stays so: rows do not jump when a job ends."""
        self._unfolded |= {job.id for job in jobs if job.state is State.IN_PROGRESS or job.state.is_red}
        lines = len(jobs) + sum(len(job.steps) for job in jobs) + 1
        if lines <= self.list.size.height:
            self._unfolded |= {job.id for job in jobs if job.steps}
        known = {job.id for job in jobs}
        self._unfolded &= known
        self._folds = {job_id: unfolded for job_id, unfolded in self._folds.items() if job_id in known}

    def _is_unfolded(self, job: Job) -> bool:
        return self._folds.get(job.id, job.id in self._unfolded)

    def _rows(self, moment: Moment, run: Run, jobs: tuple[Job, ...], typical: dict[str, Typical]) -> list[Row]:
        if not jobs or moment.item is None:
            return []
        repository = moment.item.repository
        columns = _Columns(self, moment, run, jobs, typical)
        height = self.list.size.height
        rows = [columns.head()] if height > len(jobs) + 2 else []
        blocks = [
            [
                columns.job(repository, job),
                *(columns.step(repository, job, step) for step in job.steps if self._is_unfolded(job)),
            ]
            for job in jobs
        ]
        lines = sum(len(block) for block in blocks) + len(rows)
        gap = lines + len(blocks) + _SPARE_LINES <= height and any(len(block) > 1 for block in blocks)
        for at, block in enumerate(blocks):
            if gap and at and max(len(block), len(blocks[at - 1])) > 1:
                rows.append(Row(("gap", at), Content(""), selectable=False))
            rows += block
        spare = height - len(rows) - 3
        earlier = list(islice(_earlier(moment, repository, run), max(0, min(spare, _EARLIER_AT_MOST))))
        if len(earlier) >= _EARLIER_AT_LEAST:
            rows.append(Row(("gap", "earlier"), Content(""), selectable=False))
            rows.append(columns.caption(f"earlier runs of {run.workflow_name}"))
            rows += [columns.earlier(one, seconds) for one, seconds in earlier]
        return rows

    def is_unfolded(self, job: Job) -> bool:
        """Returns whether the job's steps are shown."""
        return self._is_unfolded(job)


class _Columns:
    """Name, time, cache and chart: common widths for jobs and steps."""

    def __init__(
        self, pane: RunPane, moment: Moment, run: Run, jobs: tuple[Job, ...], typical: dict[str, Typical]
    ) -> None:
        width = pane.row_width
        self._width = width
        self._now = moment.now
        self._run = run
        self._typical = typical
        steps = [step.name for job in jobs if pane.is_unfolded(job) for step in job.steps]
        longest = max(widest(job.name for job in jobs), widest(f"  {name}" for name in steps))
        longest = max(longest, widest(job.name for job in jobs) + _CACHE)
        rest = width - 2 - _TIME - 2
        where = moment.item.repository if moment.item is not None else None
        earlier = {
            attempt: items.jobs_of_attempt(where, run.id, attempt)
            for attempt in range(max(1, run.attempt - 3), run.attempt)
        }
        self._carried = {job.id: attempt for job in jobs if (attempt := carried_from(run, job, earlier)) is not None}
        self._before = before_by_name(run, earlier.get(run.attempt - 1, ())) if width >= _BESIDE_FROM else {}
        if self._before:
            rest -= _BESIDE
        self._name = max(6, min(longest, rest * 56 // 100 if width > 46 else rest))
        self._axis: Axis | None = None
        chart = rest - self._name
        if chart >= 8:
            self._axis = axis_of(run, jobs, typical, moment.now, chart)
        elif rest > self._name:
            self._name = rest

    def head(self) -> Row:
        cells: list[str | Content | tuple[str, str]] = ["    ", (fit("job", self._name), look.FAINT)]
        cells.append((right("time", _TIME), look.FAINT))
        if self._before:
            cells.append((right(f"attempt {self._run.attempt - 1}", _BESIDE), look.FAINT))
        if self._axis is not None:
            cells += ["  ", ruler(self._axis)]
        return Row("head", assemble(*cells), selectable=False)

    def caption(self, text: str) -> Row:
        rule = look.RULE * max(0, self._width - cell_len(text) - 1)
        return Row(("caption", text), assemble("  ", (text, look.MUTED), " ", (rule, look.LINE)), selectable=False)

    def earlier(self, run: Run, seconds: float) -> Row:
        """A finished run of the same workflow, its duration at the same scale."""
        state = look.of_state(run.state)
        age = age_text((self._now - run.started_at).total_seconds())
        cells: list[str | Content | tuple[str, str]] = [
            "  ",
            (state.glyph, state.style),
            " ",
            (fit(run.branch or run.event, self._name - 5), look.MUTED),
            (right(age, 5), look.FAINT),
            (right(seconds_text(seconds), _TIME), look.MUTED),
            " " * (_BESIDE if self._before else 0),
        ]
        if self._axis is not None:
            cells += ["  ", length_bar(seconds, run.state, self._axis)]
        return Row(("earlier", run.id), assemble(*cells), selectable=False)

    def job(self, repository: RepositorySnapshot, job: Job) -> Row:
        state = look.of_state(job.state)
        usual = self._typical.get(job.name)
        elapsed = elapsed_seconds(job, self._now)
        slow = is_slow(job, usual, self._now)
        cells: list[str | Content | tuple[str, str]] = [
            (state.glyph, state.style),
            " ",
            self._name_and_cache(repository, job),
        ]
        time = seconds_text(elapsed) if elapsed is not None else state.word
        carried = job.id in self._carried
        cells.append((right(time, _TIME), look.FAINT if carried else look.BAD if slow else state.style))
        cells.append(self._beside(job))
        if self._axis is not None:
            cells += ["  ", job_bar(self._run, job, usual, self._axis, self._now)]
        search = f"{job.name}\t {state.word}"
        return Row(job.id, assemble(*cells), url=job.url, failed=job.state.is_red, search=search)

    def _beside(self, job: Job) -> Content:
        """What the job of that name did in the attempt before, where there is room for two attempts."""
        if not self._before:
            return Content("")
        other = self._before.get(job.name)
        if other is None or job.id in self._carried:
            return Content(" " * _BESIDE)
        state = look.of_state(other.state)
        time = seconds_text(elapsed_seconds(other, self._now))
        return assemble((right(f"{state.glyph} {time}", _BESIDE), state.style))

    def _name_and_cache(self, repository: RepositorySnapshot, job: Job) -> Content:
        """The job's name, and at the right how its cache did, where both have room."""
        cache = look.of_cache(repository.caches.get(job.id))
        label, style = f"cache {cache.word}", cache.style
        if job.id in self._carried:
            label, style = f"from attempt {self._carried[job.id]}", look.MUTED
        elif job.state in _WAITING:
            label, style = items.waiting_text(job, self._now), look.MUTED
        room = self._name - cell_len(label) - 1
        if room < min(cell_len(job.name), 8) or job.state is State.SKIPPED:
            return Content.styled(fit(job.name, self._name), look.STRONG)
        return assemble((fit(job.name, room), look.STRONG), " ", (label, style))

    def _step_name(self, name: str, style: str, state: CacheState | None) -> Content:
        """The step's name, and at the right how the cache did that it restored or built with."""
        width = self._name - 2
        if state is None or state in {CacheState.UNUSED, CacheState.UNKNOWN}:
            return Content.styled(fit(name, width), style)
        cache = look.of_cache(state)
        room = width - len(cache.word) - 3
        if room < min(cell_len(name), 8):
            return assemble((fit(name, width - 2), style), " ", (cache.glyph, cache.style))
        return assemble((fit(name, room), style), " ", (f"{cache.glyph} {cache.word}", cache.style))

    def step(self, repository: RepositorySnapshot, job: Job, step: Step) -> Row:
        state = look.of_state(step.state)
        elapsed = step_elapsed_seconds(step, self._now)
        running = step.state is State.IN_PROGRESS
        name_style = look.PLAIN if running or step.state.is_red else look.MUTED
        time = seconds_text(elapsed) if elapsed is not None else "skipped" if step.state is State.SKIPPED else ""
        cells: list[str | Content | tuple[str, str]] = [
            "  ",
            (state.glyph, state.style),
            " ",
            self._step_name(step.name, name_style, repository.step_caches.get(job.id, {}).get(step.number)),
            (right(time, _TIME), name_style if time != "skipped" else look.FAINT),
            " " * (_BESIDE if self._before else 0),
        ]
        if self._axis is not None:
            cells += ["  ", step_bar(step, self._axis, self._now)]
        url = f"{job.url}#step:{step.number}:1" if job.url else None
        search = f"{job.name}\t {step.name} {state.word}"
        return Row(StepKey(job.id, step.number), assemble(*cells), url=url, failed=step.state.is_red, search=search)


def _earlier(moment: Moment, repository: RepositorySnapshot, run: Run) -> Iterator[tuple[Run, float]]:
    """Yields the finished runs of the same workflow that started before this one, newest first, with their seconds.

    Those whose jobs are not known have no duration to compare with and are left out.
    """
    for other in repository.runs.data or ():
        same = other.id != run.id and other.workflow_path == run.workflow_path
        if same and not other.state.is_active and other.started_at <= run.started_at:
            seconds = items.run_seconds(repository, other, moment.now)
            if seconds is not None:
                yield other, seconds


def _title(moment: Moment, run: Run) -> Content:
    pieces: list[str | tuple[str, str]] = [run.workflow_name]
    if run.attempt > 1 or moment.newest_attempt > 1:
        pieces += [(" · ", look.FAINT), f"attempt {run.attempt}"]
        if run.attempt != moment.newest_attempt:
            pieces.append((f" of {moment.newest_attempt}", look.MUTED))
    pieces += [(" · ", look.FAINT), (run.short_sha, look.CALM)]
    if (run.repository, run.id) in moment.telling:
        pieces.append((" · tells its end", look.BUSY))
    return assemble(*pieces)


def _progress(moment: Moment, run: Run, jobs: tuple[Job, ...], typical: dict[str, Typical]) -> list[Content]:
    state = look.of_state(run.state)
    elapsed = run_elapsed_seconds(run, jobs, moment.now)
    text = f"{state.glyph} {state.word}"
    pieces = [Content.styled(f"{text} {seconds_text(elapsed)}" if elapsed is not None else text, state.style)]
    asked = items.asked_rerun(moment.snapshot.actions, run.repository, [run.id])
    if asked is not None:
        seconds = (moment.now - asked.asked_at).total_seconds()
        pieces.append(Content.styled(f"re-run asked {age_text(seconds)} ago", look.BUSY))
    file = moment.item.repository.files.get((run.workflow_path, run.head_sha)) if moment.item is not None else None
    left = path_left(jobs, file, typical, moment.now) if run.state.is_active else None
    slow = [typical[job.name].n for job in jobs if is_slow(job, typical.get(job.name), moment.now)]
    if slow:
        pieces.append(Content.styled(f"slower than usual (n={min(slow)})", look.BAD))
    if left is not None and left.seconds > 0:
        pieces.append(Content.styled(f"~{seconds_text(left.seconds)} left", look.MUTED))
    return pieces


def _why_empty(repository: RepositorySnapshot, run: Run) -> Content:
    """Returns why there is no job to be seen."""
    part = repository.jobs.get(run.key, _NO_PART)
    if run.state is State.STARTUP_FAILURE:
        return Content(f"{run.workflow_name} could not start: GitHub rejected {run.workflow_path}. o opens the run.")
    if part.state is SourceState.FAILING and part.problem is not None:
        return Content(part.problem.sentence)
    if run.state in _NO_JOBS_YET:
        return Content(f"{_NO_JOBS_YET[run.state]}, so it has no jobs yet.")
    if run.state.is_red and run.workflow_name == run.workflow_path and part.data == ():
        return Content(f"The workflow file {run.workflow_path} is invalid. o opens the run, which says where.")
    if part.data is not None:
        return Content("No job has been created yet." if run.state.is_active else "The run has no jobs.")
    return Content("Reading jobs…")
