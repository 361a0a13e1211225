"""Logs on disk: kept whole and private, bounded, and partial ones told but not kept."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from cidash.domain.problem import Problem, ProblemKind, SourceError
from cidash.github.log_file import LogCache, record

LOST = SourceError(Problem(ProblemKind.UNREACHABLE, "The storage host went away."))


async def chunks(*pieces: bytes | Exception) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def seen(_: int) -> None:
    return None


async def test_a_whole_log_is_kept_for_this_user_only(tmp_path: Path) -> None:
    cache = LogCache(tmp_path / "logs")
    told: list[int] = []
    with await record(cache, "key", chunks(b"one\ntw", b"o\nthree"), told.append) as file:
        assert told == [6, 13]
        assert [file.raw(line)[0] for line in range(3)] == [b"one\n", b"two\n", b"three"]
        assert list(file.blocks(1, 3)) == [(1, b"two\nthree")]
        assert b"".join(file.bytes()) == b"one\ntwo\nthree"
    (kept,) = files(tmp_path / "logs")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "logs").stat().st_mode & 0o777 == 0o700
    stream = cache.find("key")
    assert stream is not None
    with stream:
        assert stream.read() == b"one\ntwo\nthree"
    assert cache.find("other") is None


async def test_a_cut_log_is_shown_but_not_kept(tmp_path: Path) -> None:
    cache = LogCache(tmp_path)
    with await record(cache, "key", chunks(b"one\n", LOST), seen) as file:
        assert file.problem == LOST.problem
        assert file.raw(0) == (b"one\n", 4)
    assert files(tmp_path) == []


async def test_nothing_is_left_where_nothing_came(tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        await record(LogCache(tmp_path), "key", chunks(LOST), seen)
    assert files(tmp_path) == []


async def test_the_longest_unused_logs_go(tmp_path: Path) -> None:
    cache = LogCache(tmp_path, limit=250)
    for age, key in ((300, "old"), (200, "used"), (100, "new")):
        (await record(cache, key, chunks(b"x" * 100), seen)).close()
        (newest,) = (path for path in files(tmp_path) if path.stat().st_mtime > 1_500_000_000)
        os.utime(newest, (1_000_000_000 - age, 1_000_000_000 - age))
        if key == "used":
            stream = cache.find("old")
            assert stream is not None
            stream.close()
            os.utime(stream.name, (1_000_000_000, 1_000_000_000))
    assert {key for key in ("old", "used", "new") if _is_there(cache, key)} == {"old", "new"}


def _is_there(cache: LogCache, key: str) -> bool:
    stream = cache.find(key)
    if stream is not None:
        stream.close()
    return stream is not None


async def test_a_folder_that_can_not_be_written_costs_the_keeping_only(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    for cache in (LogCache(blocked / "logs"), LogCache(None)):
        with await record(cache, "key", chunks(b"one\n"), seen) as file:
            assert file.raw(0) == (b"one\n", 4)
            assert file.problem is None
