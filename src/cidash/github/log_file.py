"""Job logs on disk: streamed there, read from there, never held in memory. Logs of finished jobs never change."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import IO

from cidash.analysis.log_view.index import LINE_LIMIT, LogIndex
from cidash.domain.problem import Problem, ProblemKind, SourceError

CHUNK = 256 * 1024
CACHE_LIMIT = 512 * 1024 * 1024
_PARTIAL = ".part"


class LogFile:
    """One log on disk with its index. Close it: it holds the file open, so that nobody can take it away."""

    def __init__(self, stream: IO[bytes], index: LogIndex, problem: Problem | None = None) -> None:
        self.index = index
        self.problem = problem
        """Why the log is not complete, if it isn't."""
        self._stream = stream

    def raw(self, line: int) -> tuple[bytes, int]:
        """Returns a line's bytes, at most 64 KiB of them, and how many it has."""
        start, end = self.index.span(line)
        self._stream.seek(start)
        return self._stream.read(min(end - start, LINE_LIMIT)), end - start

    def blocks(self, first: int, end: int, size: int = CHUNK) -> Iterator[tuple[int, bytes]]:
        """Yields the lines from `first` up to `end` in blocks of whole lines, each with its first line's number.

        A line longer than a block comes alone and cut.
        """
        line = first
        while line < end:
            start, line_end = self.index.span(line)
            stop = min(end, max(line + 1, self.index.line_of(start + size)))
            self._stream.seek(start)
            if stop == line + 1:
                yield line, self._stream.read(min(line_end - start, LINE_LIMIT))
            else:
                yield line, self._stream.read(self.index.span(stop - 1)[1] - start)
            line = stop

    def bytes(self) -> Iterator[bytes]:
        """Yields the whole file as it came."""
        self._stream.seek(0)
        while chunk := self._stream.read(CHUNK):
            yield chunk

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()

    def __enter__(self) -> "LogFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LogCache:
    """Logs by API, repository and job. Only for this user's eyes; beyond its limit the longest unused ones go.

    A folder that can't be written costs the keeping, not the reading.
    """

    def __init__(self, folder: Path | None, limit: int = CACHE_LIMIT) -> None:
        self._folder = folder
        self._limit = limit

    def find(self, key: str) -> IO[bytes] | None:
        """Returns the kept log, open, or None."""
        path = self._path(key)
        if path is None:
            return None
        try:
            stream = path.open("rb")
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return stream

    def begin(self, key: str) -> "Recording":
        """Returns a new file for the log, to be kept or thrown away."""
        return Recording(self, self._path(key))

    def trim(self) -> None:
        """Removes the longest unused logs until the rest fits."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            found = [(entry.stat(), Path(entry.path)) for entry in os.scandir(self._folder) if entry.is_file()]
            found.sort(key=lambda one: one[0].st_mtime, reverse=True)
            total = 0
            for status, path in found:
                total += status.st_size
                if total > self._limit and path.suffix in {".log", _PARTIAL}:
                    path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.log"


class Recording:
    """A log that is being written. What is not kept leaves nothing behind."""

    def __init__(self, cache: LogCache, path: Path | None) -> None:
        self._cache = cache
        self._path = path
        self._part: Path | None = None
        self.stream: IO[bytes]
        if path is not None:
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                handle, name = tempfile.mkstemp(suffix=_PARTIAL, dir=path.parent)  # only this user can read it
                self._part = Path(name)
                self.stream = os.fdopen(handle, "w+b")
                return
        self.stream = tempfile.TemporaryFile()  # noqa: SIM115 - it outlives this call

    def keep(self) -> None:
        """Makes the finished log findable."""
        self.stream.flush()
        if self._part is None or self._path is None:
            return
        try:
            self._part.replace(self._path)
        except OSError:
            self.discard()
        self._part = None
        self._cache.trim()

    def discard(self) -> None:
        """Leaves nothing on disk once the stream is closed."""
        if self._part is not None:
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)
            self._part = None


async def record(
    cache: LogCache, key: str, chunks: AsyncGenerator[bytes, None], on_bytes: Callable[[int], None]
) -> LogFile:
    """Streams a log to disk and returns it with its index; what came before a failure is returned with the problem.

    Args:
        cache: where it is kept when it came whole.
        key: what it is found under.
        chunks: the log; closed in any case.
        on_bytes: called with the bytes so far.

    Raises:
        SourceError: nothing came.
    """
    recording = cache.begin(key)
    index = LogIndex()
    problem: Problem | None = None
    try:
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    recording.stream.write(chunk)
                    index.feed(chunk)
                    on_bytes(index.size)
        except SourceError as error:
            if index.size == 0:
                raise
            problem = error.problem
        except OSError as error:
            problem = Problem(ProblemKind.BAD_ANSWER, f"The log can't be written to disk: {error.strerror or error}.")
        index.finish()
        if problem is None:
            recording.keep()
        else:
            recording.stream.flush()
            recording.discard()
    except BaseException:
        recording.discard()
        recording.stream.close()
        raise
    return LogFile(recording.stream, index, problem)
