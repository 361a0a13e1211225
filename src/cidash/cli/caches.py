"""`cidash caches scan`: cache events of log files on disk, without network."""

import re
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TextIO

from cidash.analysis.cachelog import LogReading, read_events, states_of
from cidash.analysis.cachelog.line import LIMIT, has_stamp
from cidash.cli.encode import dumps, envelope
from cidash.cli.exits import OK, REFUSED
from cidash.domain.cache import CacheEvent
from cidash.domain.text import clean

_CHUNK = 256 * 1024
_ZIP_MAGIC = b"PK\x03\x04"
_MOST_MEMBERS = 10_000
_MOST_ZIP_BYTES = 1024 * 1024 * 1024
_FREE_BYTES = 64 * 1024 * 1024
"""What a member may unpack to whatever its packed size is; beyond it, a log packs to no less than a 200th."""
_HIGHEST_RATIO = 200
_NAME_CUT = 80
_JOB_FILE = re.compile(r"\d+_(?P<job>[^/]+)\.txt")
_STEP_FILE = re.compile(r"(?P<job>[^/]+)/(?P<number>\d+)_(?P<step>[^/]+)\.txt")


@dataclass(frozen=True, slots=True)
class Scanned:
    """One log and what it told, or why it could not be read."""

    file: str
    log: str | None
    events: tuple[CacheEvent, ...] = ()
    caches: tuple[tuple[str, str, str], ...] = ()
    """Cache, family and state; a cache that spans several files of a job stands with the first."""
    error: str | None = None


class _TooMuchError(Exception):
    """An archive that unpacks to more than logs do; `str()` is the whole sentence."""


def scan(
    paths: Sequence[str],
    as_json: bool,
    out: TextIO,
    now: Callable[[], datetime] | None = None,
    names: Mapping[str, str] | None = None,
) -> int:
    """Reads log files, `.zip` archives of a run's logs and `-` (standard input), and prints their cache events.

    Returns the exit code: 0 when anything could be read, 1 when nothing could. A file that cannot be read gets a
    sentence and the rest goes on. `names` names caches by patterns, as the configuration does.
    """
    scanned = [found for path in paths for found in _scan_path(path, names)]
    if as_json:
        moment = (now or (lambda: datetime.now(UTC)))()
        out.write(dumps({**envelope(moment), "files": [_encoded(one) for one in scanned]}) + "\n")
    else:
        for one in scanned:
            _write(one, out)
    return REFUSED if scanned and all(one.error for one in scanned) else OK


def _scan_path(path: str, names: Mapping[str, str] | None) -> Iterator[Scanned]:
    try:
        if path == "-":
            yield from _scan_stream(path, sys.stdin.buffer, names)
        else:
            with Path(path).open("rb") as stream:
                yield from _scan_stream(path, stream, names)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield Scanned(clean(path), None, error=clean(f"{path} could not be read: {reason}."))


def _scan_stream(path: str, stream: IO[bytes], names: Mapping[str, str] | None) -> Iterator[Scanned]:
    first = stream.read(_CHUNK)
    if first.startswith(_ZIP_MAGIC) or path.casefold().endswith(".zip"):
        with _seekable(first, stream) as archive:
            yield from _scan_zip(path, archive, names)
    else:
        yield _scanned(path, read_events(_chunks(stream, first), names))


def _seekable(first: bytes, stream: IO[bytes]) -> IO[bytes]:
    if stream.seekable():
        stream.seek(0)
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    size = 0
    for chunk in _chunks(stream, first):
        size += len(chunk)
        if size > _MOST_ZIP_BYTES:
            copy.close()
            raise ValueError("it is longer than 1 GiB")
        copy.write(chunk)
    copy.seek(0)
    return copy


def _chunks(stream: IO[bytes], first: bytes = b"") -> Iterator[bytes]:
    if first:
        yield first
    while chunk := stream.read(_CHUNK):
        yield chunk


def _scan_zip(path: str, stream: IO[bytes], names: Mapping[str, str] | None) -> Iterator[Scanned]:
    try:
        with zipfile.ZipFile(stream) as archive:
            budget = _Budget(archive, names)
            jobs, steps = _split(_members(path, archive))
            for member in jobs:
                yield from _guarded(path, member, lambda member=member: _scan_member(path, member, budget))  # type: ignore[misc]
            for files in steps:
                yield from _guarded(path, files[0], lambda files=files: _scan_steps(path, files, budget))  # type: ignore[misc]
            if not jobs and not steps:
                yield Scanned(clean(path), None, error=clean(f"{path} holds no job logs.", 1000))
    except _TooMuchError as error:
        yield Scanned(clean(path), None, error=clean(str(error), 1000))
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        yield Scanned(clean(path), None, error=clean(f"{path} is not a readable zip archive: {error}.", 1000))


def _members(path: str, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > _MOST_MEMBERS:
        raise _TooMuchError(f"{path} holds {len(members)} files; a run's logs are at most {_MOST_MEMBERS}.")
    return members


def _guarded(path: str, member: zipfile.ZipInfo, read: Callable[[], list[Scanned]]) -> list[Scanned]:
    name = clean(f"{path}!{member.filename}", 1000)
    try:
        return read()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        return [Scanned(name, None, error=clean(f"{name} could not be unpacked: {error}.", 1000))]
    except _TooMuchError as error:
        return [Scanned(name, None, error=clean(str(error), 1000))]


def _split(members: list[zipfile.ZipInfo]) -> tuple[list[zipfile.ZipInfo], list[list[zipfile.ZipInfo]]]:
    """Returns the job logs, and the step files (in order) of each job that has no log of its own."""
    jobs: dict[str, zipfile.ZipInfo] = {}
    steps: dict[str, list[tuple[int, zipfile.ZipInfo]]] = {}
    for member in members:
        if _JOB_FILE.fullmatch(member.filename):
            jobs.setdefault(member.filename, member)
        elif (found := _STEP_FILE.fullmatch(member.filename)) and len(found["number"]) < 9:
            steps.setdefault(found["job"], []).append((int(found["number"]), member))
    names = [found["job"] for name in jobs if (found := _JOB_FILE.fullmatch(name))]
    lacking = [files for job, files in steps.items() if not any(_same_job(job, name) for name in names)]
    if not jobs and not steps:  # not packed by GitHub: whatever log there is
        jobs = {m.filename: m for m in members if "/" not in m.filename and m.filename.endswith((".txt", ".log"))}
    return list(jobs.values()), [[member for _, member in sorted(files, key=lambda one: one[0])] for files in lacking]


def _same_job(one: str, other: str) -> bool:
    """Whether two names in an archive are the same job's: separators differ, and long names are cut."""
    short, long = sorted((_bare(one), _bare(other)), key=len)
    return short == long or (min(len(one), len(other)) >= _NAME_CUT and bool(short) and long.startswith(short))


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold() or name


class _Budget:
    """Unpacks members in pieces, and stops where an archive turns out to be a bomb."""

    def __init__(self, archive: zipfile.ZipFile, names: Mapping[str, str] | None) -> None:
        self.names = names
        self._archive = archive
        self._left = _MOST_ZIP_BYTES

    def chunks(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        size = 0
        with self._archive.open(member) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                self._left -= len(chunk)
                if self._left < 0 or (size > _FREE_BYTES and size > member.compress_size * _HIGHEST_RATIO):
                    raise _TooMuchError(f"{member.filename} unpacks to more than a log does; it was not read.")
                yield chunk


def _scan_member(path: str, member: zipfile.ZipInfo, budget: _Budget) -> list[Scanned]:
    return [_scanned(f"{path}!{member.filename}", read_events(budget.chunks(member), budget.names))]


def _scan_steps(path: str, members: list[zipfile.ZipInfo], budget: _Budget) -> list[Scanned]:
    """Reads the step files of one job as one log, and shares what they tell out to the files."""
    ends: list[int] = []
    texts: list[bool] = []
    reading = read_events(_joined(members, budget, ends, texts), budget.names)
    grouped: list[list[CacheEvent]] = [[] for _ in members]
    for event in reading.events:
        place = next((i for i, end in enumerate(ends) if (event.line or 0) <= end), len(ends) - 1)
        before = ends[place - 1] if place else 0
        grouped[place].append(replace(event, line=(event.line or 0) - before))
    found = []
    shown: set[tuple[str, str]] = set()
    caches = {(one.cache, one.family): one for one in states_of(reading.events)}
    for place, (member, events) in enumerate(zip(members, grouped, strict=True)):
        own = [key for key in dict.fromkeys((event.cache, event.family) for event in events) if key not in shown]
        shown.update(own)
        log = "empty" if not texts[place] else "complete" if any(texts[place + 1 :]) else reading.completeness
        states = tuple((cache, family, str(caches[cache, family].state)) for cache, family in own)
        found.append(Scanned(clean(f"{path}!{member.filename}", 1000), log, tuple(events), states))
    return found


def _joined(members: list[zipfile.ZipInfo], budget: _Budget, ends: list[int], texts: list[bool]) -> Iterator[bytes]:
    """Yields the files of a job's steps in the form `job TAB step TAB line`, which tells the reader the titles."""
    lines = 0
    titled: bool | None = None
    for member in members:
        found = _STEP_FILE.fullmatch(member.filename)
        job, step = (found["job"], found["step"]) if found else ("", "")
        has_text = False
        for raw in _whole_lines(budget.chunks(member)):
            has_text = has_text or bool(raw.strip(b"\xef\xbb\xbf\r\n \t"))
            if titled is None and has_text:
                titled = has_stamp(raw.lstrip(b"\r\n"))
            lines += raw.count(b"\n")
            if not titled:
                yield raw
                continue
            prefix = f"{clean(job)}\t{clean(step)}\t".encode("utf-8", "replace")
            yield prefix + raw[:-1].replace(b"\n", b"\n" + prefix) + b"\n"
        ends.append(lines)
        texts.append(has_text)


def _whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yields pieces that end with a line end; of a line longer than is read anyway, the rest is dropped."""
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        end = data.rfind(b"\n") + 1
        if end:
            yield data[:end]
        rest = data[end:] if len(data) - end <= LIMIT else data[end : end + LIMIT]
    if rest:
        yield rest + b"\n"


def _scanned(file: str, reading: LogReading) -> Scanned:
    named = tuple((one.cache, one.family, str(one.state)) for one in states_of(reading.events))
    return Scanned(clean(file, 1000), reading.completeness, reading.events, named)


def _encoded(one: Scanned) -> dict[str, object]:
    return {
        "file": one.file,
        "log": one.log,
        "events": [asdict(event) for event in one.events],
        "caches": [{"cache": cache, "family": family, "state": state} for cache, family, state in one.caches],
        "error": one.error,
    }


def _write(one: Scanned, out: TextIO) -> None:
    if one.error:
        out.write(f"{one.file}\n  {one.error}\n")
        return
    count = len(one.events)
    out.write(f"{one.file}  ({one.log} log, {count} event{'' if count == 1 else 's'})\n")
    if not one.caches:
        out.write("  unknown: the log is empty\n" if one.log == "empty" else "  no cache was used\n")
    width = max((len(cache) for cache, _, _ in one.caches), default=0)
    for cache, family, state in one.caches:
        events = [event for event in one.events if (event.cache, event.family) == (cache, family)]
        out.write(f"  {state:<8} {family:<9} {cache:<{width}}  {', '.join(map(_words, events))}\n")


def _words(event: CacheEvent) -> str:
    text = f"{event.operation} {event.outcome}"
    if event.steps_total is not None:
        text += f" {event.steps_cached}/{event.steps_total} steps"
    if event.hits is not None and event.misses is not None:
        text = f"{event.hits} of {event.hits + event.misses}"
    if event.size_bytes is not None:
        text += f" {event.size_bytes / 1_000_000:.1f} MB"
    if event.duration_seconds is not None:
        text += f" {event.duration_seconds:.1f} s"
    return text
