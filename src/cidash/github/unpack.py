"""Unpacks an archive of a stranger's into a new folder: nothing outside it, nothing special, nothing without bounds."""

import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cidash.domain.text import clean

_CHUNK = 1024 * 1024
_TAIL = 65_535 + 22 + 20
_END = b"PK\x05\x06"
_END_64_LOCATOR = b"PK\x06\x07"
_END_64 = b"PK\x06\x06"
_DIRECTORY_BYTES = 64 * 1024 * 1024
_DEPTH = 40
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))})


class UnsafeArchiveError(Exception):
    """The archive is not unpacked; the clause says why."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may grow to."""

    files: int = 20_000
    total_bytes: int = 4 * 1024**3
    ratio: int = 200
    """Unpacked bytes for each packed one, counted from `ratio_from_bytes` on: text packs well, bombs better."""
    ratio_from_bytes: int = 64 * 1024**2


def unpack(archive: Path, folder: Path, bounds: Bounds, should_stop: Callable[[], bool]) -> int:
    """Unpacks into `folder`, which must be there and empty; returns how many files there are.

    Raises:
        UnsafeArchiveError: also when `should_stop` says so. What was written by then is left to the caller.
        OSError: the disk is full, for example.
    """
    packed = archive.stat().st_size
    _check_directory(archive, bounds)
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            places = _places(entries, bounds)
            limit = min(bounds.total_bytes, max(bounds.ratio_from_bytes, packed * bounds.ratio))
            if sum(entry.file_size for entry in entries) > limit:
                raise UnsafeArchiveError(f"it would unpack to more than {limit // 2**20} MB")
            left = limit
            count = 0
            for entry, place in zip(entries, places, strict=True):
                target = folder.joinpath(*place)
                if entry.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                left -= _write(opened, entry, target, left, should_stop)
                count += 1
            return count
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error) as error:
        raise UnsafeArchiveError("it is damaged, encrypted, or packed in an unknown way") from error
    except ValueError as error:
        raise UnsafeArchiveError("it is not a zip archive") from error


def safe_name(name: str) -> str:
    """Returns a name for a folder that stays where it is put: what can't stand in one is a dash."""
    kept = "".join("-" if char in '/\\:*?"<>|' or not char.isprintable() else char for char in clean(name, 100))
    kept = kept.strip(" .")
    return f"_{kept}" if not kept or kept.partition(".")[0].lower() in _RESERVED else kept


def _places(entries: list[zipfile.ZipInfo], bounds: Bounds) -> list[tuple[str, ...]]:
    """Returns where each entry goes, below the folder; two entries never go to one place."""
    if len(entries) > bounds.files:
        raise UnsafeArchiveError(f"it holds more than {bounds.files:,} files")
    files: set[tuple[str, ...]] = set()
    folders: set[tuple[str, ...]] = set()
    places = []
    for entry in entries:
        place = _place(entry)
        folded = tuple(unicodedata.normalize("NFC", part).casefold() for part in place)
        above = {folded[:length] for length in range(1, len(folded))}
        if folded in files or (folded in folders and not entry.is_dir()) or above & files:
            raise UnsafeArchiveError(f"two of its files would be {_shown(entry.filename)}")
        folders |= above
        (folders if entry.is_dir() else files).add(folded)
        places.append(place)
    return places


def _place(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    name = entry.orig_filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UnsafeArchiveError(f"{_shown(name)} is a link or a device")
    if entry.flag_bits & 0x1:
        raise UnsafeArchiveError(f"{_shown(name)} is encrypted")
    parts = tuple(name.removesuffix("/").split("/"))
    if len(parts) > _DEPTH or not all(_is_plain(part) for part in parts):
        raise UnsafeArchiveError(f"the name {_shown(name)} is not safe")
    return parts


def _is_plain(part: str) -> bool:
    """Whether a name stays what it is on every system."""
    if part != part.rstrip(" .").lstrip(" ") or not part:  # `.` and `..`; blanks and dots at the end vanish on Windows
        return False
    if len(part.encode("utf-8", "surrogatepass")) > 250:
        return False
    if any(char in '\\:*?"<>|' or not char.isprintable() for char in part):
        return False
    return part.partition(".")[0].lower() not in _RESERVED


def _write(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int, should_stop: Callable[[], bool]
) -> int:
    written = 0
    # O_EXCL: a file that is there already, or a link in its place, is never written to.
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(handle, "wb") as out, opened.open(entry) as source:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > left:
                raise UnsafeArchiveError("it unpacks to more than it says")
            if should_stop():
                raise UnsafeArchiveError("it was left")
            out.write(chunk)
    return written


def _check_directory(archive: Path, bounds: Bounds) -> None:
    """Reads how many files the archive has before all their names are read into memory."""
    with archive.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = file.seek(max(0, size - _TAIL))
        tail = file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) - at < 22:
            raise UnsafeArchiveError("it is not a zip archive")
        count, length = struct.unpack("<HI", tail[at + 10 : at + 16])
        if count == 0xFFFF or length == 0xFFFFFFFF:
            locator = tail[at - 20 : at] if at >= 20 else b""
            if not locator.startswith(_END_64_LOCATOR):
                raise UnsafeArchiveError("it is damaged")
            (offset,) = struct.unpack("<Q", locator[8:16])
            if offset > start + at:
                raise UnsafeArchiveError("it is damaged")
            file.seek(offset)
            record = file.read(56)
            if len(record) < 56 or not record.startswith(_END_64):
                raise UnsafeArchiveError("it is damaged")
            count, length = struct.unpack("<QQ", record[32:48])
    if count > bounds.files or length > _DIRECTORY_BYTES:
        raise UnsafeArchiveError(f"it holds more than {bounds.files:,} files")


def _shown(name: str) -> str:
    return f'"{clean(name, 80)}"'
