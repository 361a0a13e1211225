"""`cidash caches scan`: plain files, archives, standard input, and what cannot be read."""

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cidash.cli.caches import scan

CORPUS = Path(__file__).with_name("corpus")
HIT = (CORPUS / "cache-v4-hit.log").read_bytes()
MISS = (CORPUS / "cache-v4-miss-saved.log").read_bytes()
KEYS = (
    "tool family operation outcome step cache key restored_key size_bytes duration_seconds line hits misses"
    " steps_cached steps_total"
)


def _scan(*paths: object) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    code = scan([str(path) for path in paths], True, out, lambda: datetime(2026, 8, 17, tzinfo=UTC))
    document = json.loads(out.getvalue())
    assert document["schema_version"] == 1
    return code, document["files"]


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return path


def _steps(raw: bytes) -> dict[str, bytes]:
    """Cuts a job log into the files of its steps, as GitHub does."""
    files: dict[str, list[bytes]] = {"1_Set up job.txt": []}
    current = files["1_Set up job.txt"]
    titles = {b"##[group]Run actions/cache": "Cache pip", b"##[group]Run ": "Run", b"Post job": "Post Cache pip"}
    titles[b"Cleaning up"] = "Complete job"
    for line in raw.splitlines(keepends=True):
        title = next((title for words, title in titles.items() if line[29:].startswith(words)), None)
        if title and not (title == "Post Cache pip" and any("Post Cache" in name for name in files)):
            current = files.setdefault(f"{len(files) + 1}_{title}.txt", [])
        current.append(line)
    return {name: b"".join(lines) for name, lines in files.items()}


def test_the_shape_of_a_file(tmp_path: Path) -> None:
    log = tmp_path / "job.txt"
    log.write_bytes(HIT)
    code, files = _scan(log)
    assert code == 0
    assert list(files[0]) == ["file", "log", "events", "caches", "error"]
    assert files[0]["file"] == str(log)
    assert files[0]["log"] == "complete"
    assert list(files[0]["events"][0]) == KEYS.split(" ")
    assert files[0]["caches"] == [{"cache": "actions/cache: Run actions/cache@v4", "family": "actions", "state": "hit"}]
    assert files[0]["error"] is None


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    good, bad = tmp_path / "job.txt", tmp_path / "a.zip"
    good.write_bytes(MISS)
    bad.write_bytes(b"this is no archive")
    code, files = _scan(tmp_path / "missing.txt", bad, tmp_path, good)
    assert code == 0
    assert [bool(one["error"]) for one in files] == [True, True, True, False]
    assert "missing.txt" in files[0]["error"]
    assert files[0]["error"].endswith(".")
    assert "zip" in files[1]["error"]
    assert files[3]["caches"][0]["state"] == "miss"


def test_nothing_readable_is_no_answer(tmp_path: Path) -> None:
    assert _scan(tmp_path / "missing.txt")[0] == 1


def test_an_archive_gives_job_logs_and_step_files_only_where_one_is_lacking(tmp_path: Path) -> None:
    steps = _steps(HIT)
    members = {"0_build.txt": HIT, "1_test (3.12).txt": MISS, "build/system.txt": HIT, "notes.md": HIT}
    members |= {f"build/{name}": raw for name, raw in steps.items()}
    members |= {f"lint/{name}": raw for name, raw in steps.items()}
    path = _zip(tmp_path / "run.zip", members)
    code, files = _scan(path)
    assert code == 0
    names = [one["file"] for one in files]
    assert names[:2] == [f"{path}!0_build.txt", f"{path}!1_test (3.12).txt"]
    assert all(name.startswith(f"{path}!lint/") for name in names[2:])
    events = [(one["file"].rsplit("/", 1)[1], event) for one in files[2:] for event in one["events"]]
    assert [(name, event["operation"], event["outcome"]) for name, event in events] == [
        ("3_Cache pip.txt", "restore", "hit"),
        ("5_Post Cache pip.txt", "save", "skipped"),
    ]
    assert events[0][1]["step"] == "Cache pip"
    lines = steps["3_Cache pip.txt"].splitlines()
    assert b"Cache restored from key" in lines[events[0][1]["line"] - 1]
    assert [cache["state"] for one in files[2:] for cache in one["caches"]] == ["hit"]
    assert {one["log"] for one in files[2:]} == {"complete"}


def test_long_job_names_are_cut_in_archives(tmp_path: Path) -> None:
    name = "build / " + "x" * 100
    bare = name.replace("/", "_")
    path = _zip(tmp_path / "run.zip", {f"0_{bare[:88]}.txt": HIT, f"{name.replace(' /', '')}/1_Set up job.txt": HIT})
    assert [one["file"] for one in _scan(path)[1]] == [f"{path}!0_{bare[:88]}.txt"]


def test_a_bomb_is_stopped_and_the_rest_is_read(tmp_path: Path) -> None:
    path = _zip(tmp_path / "run.zip", {"0_bomb.txt": b"\0" * (80 * 1024 * 1024), "1_build.txt": HIT})
    files = _scan(path)[1]
    assert "unpacks to more" in files[0]["error"]
    assert files[1]["caches"][0]["state"] == "hit"


def test_a_damaged_member_has_its_own_sentence(tmp_path: Path) -> None:
    path = _zip(tmp_path / "run.zip", {"0_build.txt": HIT, "1_test.txt": MISS})
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0xFF
    path.write_bytes(raw)
    files = _scan(path)[1]
    assert files[0]["error"]
    assert files[1]["error"] is None


def test_an_empty_log_is_never_a_miss(tmp_path: Path) -> None:
    path = _zip(tmp_path / "run.zip", {"0_build.txt": b""})
    files = _scan(path)[1]
    assert files[0]["log"] == "empty"
    assert files[0]["events"] == files[0]["caches"] == []


def test_standard_input_may_be_a_log_or_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = _zip(tmp_path / "run.zip", {"0_build.txt": MISS}).read_bytes()

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    for raw, file in ((HIT, "-"), (archive, "-!0_build.txt")):
        monkeypatch.setattr("sys.stdin", type("In", (), {"buffer": Pipe(raw)}))
        files = _scan("-")[1]
        assert files[0]["file"] == file
        assert files[0]["events"]


def test_people_get_a_small_table(tmp_path: Path) -> None:
    log, empty = tmp_path / "job.txt", tmp_path / "empty.txt"
    log.write_bytes(HIT)
    empty.write_bytes(b"")
    out = io.StringIO()
    assert scan([str(log), str(empty), str(tmp_path / "no.txt")], False, out) == 0
    text = out.getvalue()
    assert "hit      actions   actions/cache: Run actions/cache@v4  restore hit 14.4 MB" in text
    assert "unknown: the log is empty" in text
    assert "no.txt could not be read" in text


def test_hostile_names_come_out_clean(tmp_path: Path) -> None:
    path = _zip(tmp_path / "run.zip", {"0_\x1b[31mevil\u202e.txt": HIT})
    assert "\x1b" not in _scan(path)[1][0]["file"]
