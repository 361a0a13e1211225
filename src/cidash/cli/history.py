"""`cidash history sync` and `cidash history export`: the local store filled, and printed for other programs."""

import csv
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from cidash.cli import loop, session
from cidash.cli.console import cut, warn
from cidash.cli.exits import OK, REFUSED
from cidash.cli.export import COLUMNS, rows_of
from cidash.cli.parser import Arguments
from cidash.config.model import Config
from cidash.domain.clock import SystemClock
from cidash.domain.format import clock, count_text, percent
from cidash.domain.problem import SourceError
from cidash.domain.repository import RepositoryId
from cidash.engine.sync import Progress

_REDRAW_SECONDS = 0.2
_LINE_SECONDS = 30.0


def sync(arguments: Arguments) -> int:
    """Reads past runs into the store and says how many; 1 when it could not be finished (what was read is kept)."""
    loaded = session.load_config(arguments)
    repository = session.choose(arguments, loaded).only
    shown = _Shown()
    code = OK
    try:
        loop.run(_sync(loaded.config, repository, arguments, shown))
    except SourceError as error:
        shown.end()
        warn(f"{error.problem.sentence} What was read is kept; the same command goes on from there.")
        code = REFUSED
    except KeyboardInterrupt:
        shown.end()
        warn("Stopped. What was read is kept; the same command goes on from there.")
        raise
    shown.end()
    progress = shown.progress
    if arguments.json:
        from cidash.cli.encode import dumps, envelope

        told = {
            "repository": str(repository),
            "complete": code == OK,
            "runs": progress.runs,
            "attempts_kept": progress.kept,
            "attempts_gone": progress.gone,
            "logs_read": progress.logs,
            "requests": progress.requests,
        }
        print(dumps({**envelope(SystemClock().now()), **told}))
    else:
        gone = f", {count_text(progress.gone)} no longer handed out" if progress.gone else ""
        print(
            f"{repository}: {count_text(progress.runs)} runs listed, {count_text(progress.kept)} attempts added{gone}, "
            f"{count_text(progress.logs)} logs read; {count_text(progress.requests)} requests."
        )
    return code


async def _sync(config: Config, repository: RepositoryId, arguments: Arguments, shown: "_Shown") -> None:
    async with session.opened(config, (repository,)) as engine:
        await engine.sync(repository, timedelta(seconds=arguments.since), arguments.workflow, shown.show)


def export(arguments: Arguments) -> int:
    """Prints one row for each job of every stored attempt, newest first; nothing is asked of a server."""
    loaded = session.load_config(arguments)
    repository = session.choose(arguments, loaded).only
    rows = _rows(loaded.config, repository, arguments)
    if arguments.format == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([_cell(row.get(column)) for column in COLUMNS])
    else:
        for row in rows:
            print(json.dumps({name: value for name, value in row.items() if value is not None}, allow_nan=False))
    return OK


def _rows(config: Config, repository: RepositoryId, arguments: Arguments) -> Iterator[dict[str, object]]:
    from cidash.config.address import default_history_path
    from cidash.history.store import History

    path = Path(config.history.path).expanduser() if config.history.path else default_history_path(os.environ)
    clock_ = SystemClock()
    since = None if arguments.since is None else clock_.now() - timedelta(seconds=arguments.since)
    history = History.open(path, clock_)
    try:
        kept = history.repository(config.host(repository.host).api_url, repository)
        for attempts in kept.every(workflow=arguments.workflow, since=since):
            caches = kept.cache_states([job.id for attempt in attempts for job in attempt.jobs])
            for attempt in attempts:
                yield from rows_of(attempt, caches)
    finally:
        history.close()


def _cell(value: object) -> object:
    """Returns what a spreadsheet may be given: a stranger's text must not begin as a formula."""
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"}:
        return f"'{value}"
    return "" if value is None else value


class _Shown:
    """Tells how far it is on standard error: a bar on a terminal, now and then a line elsewhere."""

    def __init__(self) -> None:
        self.progress = Progress(0.0)
        self._is_terminal = sys.stderr.isatty()
        self._next = 0.0 if self._is_terminal else time.monotonic() + _LINE_SECONDS
        self._is_drawn = False

    def show(self, progress: Progress) -> None:
        """Shows the progress, if it is time to."""
        news = progress.waiting_until != self.progress.waiting_until
        self.progress = progress
        now = time.monotonic()
        if now < self._next and not news:
            return
        self._next = now + (_REDRAW_SECONDS if self._is_terminal else _LINE_SECONDS)
        if self._is_terminal:
            width = os.get_terminal_size(sys.stderr.fileno()).columns
            print(f"\r\x1b[K{cut(self._line(), max(20, width - 1))}", end="", file=sys.stderr, flush=True)
            self._is_drawn = True
        elif news or progress.requests:
            warn(self._line())

    def end(self) -> None:
        """Takes the bar away."""
        if self._is_drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._is_drawn = False

    def _line(self) -> str:
        one = self.progress
        full = round(one.listed_share * 20)
        drawn = f"[{'#' * full}{'.' * (20 - full)}] {percent(one.listed_share):>4}"
        counts = f"{count_text(one.runs)} runs, {count_text(one.kept)} attempts, {count_text(one.logs)} logs"
        if one.waiting_until is not None:
            return f"{drawn}  waiting for the rate limit until {clock(one.waiting_until)}  {counts}"
        return f"{drawn}  {counts}, {count_text(one.requests)} requests"
