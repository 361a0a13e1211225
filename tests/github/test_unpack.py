"""Hostile artifact archives: nothing leaves the folder, nothing special is made, nothing grows without bounds."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cidash.github.unpack import Bounds, UnsafeArchiveError, safe_name, unpack

SMALL = Bounds(files=20, total_bytes=50_000_000, ratio=20, ratio_from_bytes=1_000_000)


def never() -> bool:
    return False


@pytest.fixture
def attempt(tmp_path: Path) -> Callable[..., int]:
    def run(data: bytes, bounds: Bounds = SMALL) -> int:
        archive, folder = tmp_path / "a.zip", tmp_path / "in" / "out"
        archive.write_bytes(data)
        folder.mkdir(parents=True)
        try:
            return unpack(archive, folder, bounds, never)
        finally:
            inside = {path for path in tmp_path.rglob("*") if folder in path.parents}
            assert set(tmp_path.rglob("*")) - inside == {archive, folder, folder.parent}
            assert not any(path.is_symlink() for path in inside)

    return run


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def special(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    return info


def renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    return data.replace(old, new)


def test_an_honest_archive_is_unpacked(attempt: Callable[..., int], tmp_path: Path) -> None:
    data = zipped(("report.json", b"{}"), ("deep/er/log.txt", b"text"), ("empty/", b""), (".hidden", b"x"))
    assert attempt(data) == 3
    out = tmp_path / "in" / "out"
    assert (out / "deep" / "er" / "log.txt").read_bytes() == b"text"
    assert (out / "empty").is_dir()
    assert not (out / "report.json").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize(
    "name",
    [
        "../out.txt", "a/../../out.txt", "/etc/passwd", "a//b", "./a", "a/.", "..", "C:evil", "a\\..\\b", "c:/x", "con",
        "NUL.txt", "a/lpt1.log", "trailing.", "blank ", "\x1b[2Jx", "bidi\u202egnp.exe", "x" * 260, "a/" * 60 + "b",
        " lead", "new\nline", "wild*card", "what?",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(attempt: Callable[..., int], name: str) -> None:
    with pytest.raises(UnsafeArchiveError, match=r"is not safe|damaged") as caught:
        attempt(zipped(("fine.txt", b"x"), (name, b"evil")))
    assert "\x1b" not in str(caught.value)


def test_a_name_cut_by_a_zero_byte_is_refused(attempt: Callable[..., int]) -> None:
    data = renamed(zipped(("good.txt", b"1"), ("evilZx/y", b"2")), b"evilZx/y", b"evil\0x/y")
    with pytest.raises(UnsafeArchiveError):
        attempt(data)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(attempt: Callable[..., int], kind: int) -> None:
    with pytest.raises(UnsafeArchiveError, match="is a link or a device"):
        attempt(zipped((special("link", kind), b"/etc/passwd"), ("link/x", b"evil")))


@pytest.mark.parametrize("pair", [("a", "a"), ("a", "A"), ("é", "e\u0301"), ("a", "a/b"), ("a/b", "a")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_in_one_place_are_refused(attempt: Callable[..., int], pair: tuple[str, str]) -> None:
    with pytest.raises(UnsafeArchiveError, match="two of its files would be"):
        attempt(zipped((pair[0], b"1"), (pair[1], b"2")))


def test_a_bomb_is_refused_by_its_ratio(attempt: Callable[..., int]) -> None:
    with pytest.raises(UnsafeArchiveError, match="would unpack to more than"):
        attempt(zipped(("zeros", b"\0" * 20_000_000)))


def test_a_bomb_that_lies_about_its_size_is_refused(attempt: Callable[..., int]) -> None:
    size = struct.pack("<I", 20_000_000)
    data = zipped(("zeros", b"\0" * 20_000_000)).replace(size, struct.pack("<I", 10))
    with pytest.raises(UnsafeArchiveError):
        attempt(data)


def test_too_many_files_are_refused_before_their_names_are_read(attempt: Callable[..., int]) -> None:
    with pytest.raises(UnsafeArchiveError, match="holds more than 20 files"):
        attempt(zipped(*((f"{number}", b"") for number in range(21))))


def test_text_packs_well_and_is_no_bomb(attempt: Callable[..., int]) -> None:
    assert attempt(zipped(("log", b"the same line again\n" * 40_000))) == 1


@pytest.mark.parametrize("data", [b"", b"PK", b"<html>not found</html>", b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_archive_is_refused(attempt: Callable[..., int], data: bytes) -> None:
    with pytest.raises(UnsafeArchiveError):
        attempt(data)


def test_a_damaged_archive_is_refused(attempt: Callable[..., int]) -> None:
    data = bytearray(zipped(("a", bytes(range(256)) * 40)))
    data[60] ^= 0xFF
    with pytest.raises(UnsafeArchiveError):
        attempt(bytes(data))


def test_encrypted_files_are_refused(attempt: Callable[..., int]) -> None:
    data = bytearray(zipped(("a", b"x")))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(UnsafeArchiveError, match="encrypted"):
        attempt(bytes(data))


def test_it_stops_when_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("a", b"x")))
    (tmp_path / "out").mkdir()
    with pytest.raises(UnsafeArchiveError, match="it was left"):
        unpack(tmp_path / "a.zip", tmp_path / "out", SMALL, lambda: True)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report", "report"), ("../../etc", "-..-etc"), ("a/b", "a-b"), ("", "_"), ("..", "_"), ("con", "_con"),
        ("\x1b]0;x\x07evil", "evil"), ("x. ", "x"),
    ],
)  # fmt: skip
def test_an_artifacts_name_stays_one_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe
