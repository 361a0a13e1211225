"""The file itself: private, never a stranger's, never lost, whole after a kill, shared by two processes."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cidash.domain.clock import Clock
from cidash.domain.repository import RepositoryId
from cidash.history import schema
from cidash.history.database import Database
from cidash.history.store import History, HistoryError

REPOSITORY = RepositoryId("github.com", "tefj-fun", "agent_bus")
API = "https://api.github.com"

# Saves attempts of five jobs each until it is told to stop or killed; says when the first one is in.
WRITER = textwrap.dedent(
    """
    import sys
    from datetime import UTC, datetime, timedelta
    from pathlib import Path
    from cidash.domain.ci import Attempt, Job, Run
    from cidash.domain.clock import SystemClock
    from cidash.domain.repository import RepositoryId
    from cidash.history.store import History
    from cidash.transport.bodies import StoredBody

    path, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    history = History.open(path, SystemClock())
    repo = RepositoryId("github.com", "tefj-fun", "agent_bus")
    kept = history.repository("https://api.github.com", repo)
    t = datetime(2026, 2, 1, tzinfo=UTC)
    for i in range(first, first + count):
        at = t + timedelta(minutes=i)
        run = Run(repo, i, 1, i, 5, "CI", "ci.yml", "t", "push", "main", "a" * 40, "completed", "success", at, at, at,
                  "me", "u")
        jobs = tuple(
            Job(i * 10 + n, i, 1, f"job {n}", "completed", "success", at, at, at, ("x",), "r", "u") for n in range(5)
        )
        kept.save(Attempt(run, jobs))
        history.bodies.save(f"u{i % 50}", StoredBody(b"x" * 20_000, None, "c", at))
        if i == first:
            print("started", flush=True)
    history.close()
    """
)


def writer(path: Path, first: int, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(first), str(count)], stdout=subprocess.PIPE, text=True
    )


def test_only_the_user_can_read_it(path: Path, history: History) -> None:
    history.repository(API, REPOSITORY).save_cache_states({1: None})
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        assert stat.S_IMODE(name.stat().st_mode) == 0o600


def test_missing_folders_are_made_private_and_present_ones_left(tmp_path: Path, clock: Clock) -> None:
    present = tmp_path / "present"
    present.mkdir(mode=0o755)
    History.open(present / "a" / "b" / "history.db", clock).close()
    modes = [stat.S_IMODE(folder.stat().st_mode) for folder in (present, present / "a", present / "a" / "b")]
    assert modes == [0o755, 0o700, 0o700]


def test_a_temporary_history_leaves_nothing_behind(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    history = History.open(None, clock)
    history.repository(API, REPOSITORY).save_cache_states({1: None})
    assert history.path is None
    history.close()
    assert list(tmp_path.iterdir()) == []


def test_an_odd_name_is_a_file(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    History.open(Path(":memory:"), clock).close()
    assert (tmp_path / ":memory:").stat().st_size > 0


def test_the_settings(history: History) -> None:
    with history._database.reading() as connection:

        def pragma(name: str) -> object:
            return connection.execute(f"PRAGMA {name}").fetchone()[0]

        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 1
        assert pragma("foreign_keys") == 1
        assert pragma("user_version") == len(schema.MIGRATIONS)
        assert pragma("application_id") == schema.APPLICATION_ID


# -- files that are not to be used ------------------------------------------------------------------------------


def test_a_newer_file_is_refused_and_left_alone(path: Path, clock: Clock) -> None:
    History.open(path, clock).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=r"history\.db was written by a newer cidash \(version 999.*Update cidash"):
        History.open(path, clock)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path: Path, clock: Clock) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match="belongs to another program"):
        History.open(path, clock)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"this is not a database, it is a letter " * 200,
        lambda whole: whole[:100] + b"\xff" * 3_000 + whole[3_100:],
        lambda whole: whole[: len(whole) // 3],
    ],
    ids=["no database", "damaged schema", "cut"],
)
def test_a_broken_file_is_refused_and_left_alone(path: Path, clock: Clock, damage: Callable[[bytes], bytes]) -> None:
    History.open(path, clock).close()
    broken = damage(path.read_bytes())
    path.write_bytes(broken)
    with pytest.raises(HistoryError, match=r"history\.db is (damaged|not a SQLite file).*Move it away"):
        History.open(path, clock)
    assert path.read_bytes() == broken


def test_an_empty_file_is_a_beginning(path: Path, clock: Clock) -> None:
    path.parent.mkdir()
    path.touch()
    History.open(path, clock).close()
    assert path.stat().st_size > 0


def test_a_folder_or_a_file_in_the_way(path: Path, clock: Clock, tmp_path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(HistoryError, match=r"history\.db can't be opened \(Is a directory\)"):
        History.open(path, clock)
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError, match="can't be opened"):
        History.open(tmp_path / "file" / "history.db", clock)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_without_the_right_to_write(tmp_path: Path, clock: Clock) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HistoryError, match="can't be opened"):
        History.open(tmp_path / "a" / "history.db", clock)


def test_a_full_disk_is_a_sentence_and_undoes_the_write(history: History) -> None:
    kept = history.repository(API, REPOSITORY)
    kept.save_cache_states({1: None})
    with history._database.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(HistoryError, match="has no room left on its disk"):
        kept.save_cache_states(dict.fromkeys(range(100_000)))
    assert list(kept.cache_states(range(100_000))) == [1]


def test_using_it_after_closing_is_a_sentence(path: Path, clock: Clock) -> None:
    history = History.open(path, clock)
    kept = history.repository(API, REPOSITORY)
    history.close()
    with pytest.raises(HistoryError, match=r"history\.db"):
        kept.attempts()
    with pytest.raises(HistoryError, match=r"history\.db"):
        kept.save_cache_states({1: None})


# -- versions ---------------------------------------------------------------------------------------------------


def test_an_older_file_is_led_forward(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    first = History.open(path, clock)
    first.repository(API, REPOSITORY).save_cache_states({1: None})
    first.close()
    monkeypatch.setattr(
        schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE added (x)", "INSERT INTO added VALUES (1)"))
    )
    again = History.open(path, clock)
    with again._database.reading() as connection:
        assert connection.execute("SELECT x FROM added").fetchall() == [(1,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
    assert len(again.repository(API, REPOSITORY).cache_states([1])) == 1
    again.close()
    History.open(path, clock).close()


def test_a_failed_step_forward_changes_nothing(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    History.open(path, clock).close()
    before = sqlite3.connect(path)
    tables = before.execute("SELECT name FROM sqlite_master").fetchall()
    before.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE added (x)", "no statement")))
    with pytest.raises(HistoryError, match=r"history\.db"):
        History.open(path, clock)
    after = sqlite3.connect(path)
    assert after.execute("SELECT name FROM sqlite_master").fetchall() == tables
    assert after.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS) - 1,)
    after.close()


# -- several at once, and sudden ends ---------------------------------------------------------------------------


def test_a_kill_in_the_middle_loses_nothing_that_was_saved(path: Path, clock: Clock) -> None:
    with writer(path, 1, 1_000_000) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        while path.with_name(path.name + "-wal").stat().st_size < 400_000:
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    history = History.open(path, clock)
    kept = history.repository(API, REPOSITORY)
    found = kept.attempts(limit=1_000_000)
    assert sorted(one.run.id for one in found) == list(range(1, len(found) + 1))
    assert all(len(one.jobs) == 5 for one in found)
    with history._database.reading() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT count(*) FROM bodies").fetchone()[0] > 0
    kept.save(found[0])
    history.close()


def test_two_processes_begin_and_write_at_once(path: Path, clock: Clock) -> None:
    with writer(path, 1, 200) as one, writer(path, 1001, 200) as other:
        assert (one.wait(30), other.wait(30)) == (0, 0)
    history = History.open(path, clock)
    assert len(history.repository(API, REPOSITORY).attempts(limit=1_000)) == 400
    history.close()


def test_threads_share_one_history(history: History) -> None:
    kept = history.repository(API, REPOSITORY)
    failures: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, first + 50):
                kept.save_cache_states({number: None})
                kept.cache_states(range(first, number))
        except BaseException as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(kept.cache_states(range(400))) == 200


def test_a_lock_that_stays_is_a_sentence(path: Path, history: History) -> None:
    with history._database.reading() as connection:
        connection.execute("PRAGMA busy_timeout = 1")
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(HistoryError, match="in use by another program"):
        history.repository(API, REPOSITORY).save_cache_states({1: None})
    blocker.execute("ROLLBACK")
    blocker.close()
    history.repository(API, REPOSITORY).save_cache_states({1: None})


def test_everything_is_asked_with_an_index(history: History) -> None:
    """No question may read a whole table: 100,000 runs stay fast."""
    asked: list[str] = []
    kept = history.repository(API, REPOSITORY)
    kept.save_cache_states({1: None})
    with history._database.reading() as connection:
        connection.execute("INSERT INTO workflows VALUES (1, 1, 1, 'CI', 'ci.yml')")
        connection.execute("INSERT INTO job_names VALUES (1, 1, 'ci.yml', 'test')")
        connection.set_trace_callback(asked.append)
        kept.attempts(limit=5)
        kept.attempts(workflow="CI", branch="main", limit=5)
        kept.attempts(workflow="CI", limit=5)
        kept.attempts(branch="main", limit=5)
        kept.typical(["ci.yml"])
        kept.known([(1, 1)])
        kept.cache_states([1])
        connection.set_trace_callback(None)
        for question in asked:
            plan = " | ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {question}"))
            assert "SCAN" not in plan, (question, plan)
            assert "TEMP B-TREE FOR ORDER BY" not in plan, (question, plan)


def test_a_database_closes_after_a_failed_opening(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    database.close()
    assert database.is_closed
