"""Job logs of the demo: the shapes that a log reader depends on."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from cidash.demo.logs import BOM, JobForLog, StepForLog, job_log

START = datetime(2026, 2, 6, 6, 49, 30, tzinfo=UTC)
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z ")
KEY = "Linux-docker-abcdef"
NAMES = (
    "Set up job",
    "Checkout",
    "Set up Docker Buildx",
    "Cache Docker layers",
    "Build + start services",
    "Pytest",
    "Post Cache Docker layers",
    "Post Checkout",
    "Complete job",
)


def steps(*names: str, failing: str = "", seconds: float = 10.0) -> tuple[StepForLog, ...]:
    return tuple(
        StepForLog(
            number=number,
            name=name,
            conclusion="failure" if name == failing else "success",
            started_at=START + timedelta(seconds=seconds * number),
            completed_at=START + timedelta(seconds=seconds * (number + 1)),
        )
        for number, name in enumerate(names, start=1)
    )


def lines_of(job: JobForLog) -> list[str]:
    body = job_log(job)
    assert body.startswith(BOM)
    return body[len(BOM) :].decode().splitlines()


def docker_job(cache: str, **more: object) -> JobForLog:
    facts: dict[str, object] = {
        "name": "test",
        "conclusion": "success",
        "started_at": START,
        "steps": steps(*NAMES),
        "cache": cache,
        "cache_key": KEY,
        "docker_steps_cached": 3,
        "docker_steps_total": 7,
    }
    return JobForLog(**{**facts, **more})  # type: ignore[arg-type]


def texts(job: JobForLog) -> list[str]:
    return [STAMP.sub("", line) for line in lines_of(job)]


@pytest.mark.parametrize(
    ("cache", "present", "absent"),
    [
        (
            "hit",
            [
                f"Cache hit for: {KEY}",
                "Cache restored successfully",
                f"Cache restored from key: {KEY}",
                f"Cache hit occurred on the primary key {KEY}, not saving cache.",
            ],
            ["Cache not found", "Cache saved with key"],
        ),
        (
            "partial",
            [
                "Cache hit for restore-key: Linux-docker-old",
                "Cache restored from key: Linux-docker-old",
                f"Cache saved with key: {KEY}",
            ],
            ["Cache not found", "Cache hit occurred"],
        ),
        (
            "miss",
            [f"Cache not found for input keys: {KEY}, Linux-docker-", f"Cache saved with key: {KEY}"],
            [f"Cache restored from key: {KEY}", "Cache restored successfully"],
        ),
        (
            "broken",
            [
                f"Cache not found for input keys: {KEY}, Linux-docker-",
                (
                    "##[warning]Path Validation Error: Path(s) specified in the action for caching do(es) not exist, "
                    "hence no cache is being saved."
                ),
            ],
            ["Cache saved with key", "Cache restored successfully"],
        ),
        ("none", ["Cache restored from key: fake"], ["Cache not found", f"Cache restored from key: {KEY}"]),
    ],
)
def test_the_lines_of_actions_cache_tell_the_state(cache: str, present: list[str], absent: list[str]) -> None:
    said = texts(docker_job(cache, restored_key="Linux-docker-old" if cache == "partial" else None))
    for line in present:
        assert line in said
    for words in absent:
        assert not [line for line in said if line.startswith(words)]


def test_the_inputs_of_the_cache_step_are_echoed_and_a_block_value_has_an_unstamped_line() -> None:
    lines = lines_of(docker_job("hit"))
    at = next(number for number, line in enumerate(lines) if line.endswith("##[group]Run actions/cache@v4"))
    block = lines[at : at + 12]
    assert [line for line in block if line.endswith(f"  key: {KEY}")]
    restore_keys = next(number for number, line in enumerate(block) if "restore-keys: Linux-docker-" in line)
    assert block[restore_keys + 1] == ""


def test_every_stamped_line_lies_within_its_step_and_times_never_fall() -> None:
    job = docker_job("partial")
    moments = [datetime.fromisoformat(line[:26] + "+00:00") for line in lines_of(job) if STAMP.match(line) is not None]
    assert moments == sorted(moments)
    ends = [step.completed_at for step in job.steps if step.completed_at is not None]
    assert moments[-1] <= max(ends)
    for step in job.steps:
        assert step.started_at is not None
        assert step.completed_at is not None
        assert any(step.started_at <= moment <= step.completed_at for moment in moments), step.name


def test_buildkit_counts_cached_and_built_layers() -> None:
    said = texts(docker_job("partial"))
    assert len([line for line in said if re.fullmatch(r"#\d+ CACHED", line)]) == 3
    assert "#7 [api 2/8] WORKDIR /app" in said
    assert len([line for line in said if re.fullmatch(r"#1[0-3] DONE [\d.]+s", line)]) == 4
    assert "#14 exporting to image" in said
    assert "#15 exporting cache to client directory" in said


def test_buildkits_own_cache_is_gha_and_without_any_cache_nothing_is_imported() -> None:
    warm = texts(docker_job("none"))
    assert "#4 importing cache manifest from gha:15204838112" in warm
    assert "#15 exporting to GitHub Actions Cache" in warm
    cold = texts(docker_job("none", docker_steps_cached=0))
    assert not [line for line in cold if "importing cache" in line or line.endswith("CACHED")]


def test_a_build_that_cannot_find_its_base_image_stops_there() -> None:
    why = "failed to solve: python:3.10-slim: failed to resolve source metadata: dial tcp: i/o timeout"
    names = ("Set up job", "Build + start services")
    said = texts(docker_job("none", conclusion="failure", failure=why, steps=steps(*names, failing=names[1])))
    assert [line for line in said if line.startswith("#2 ERROR: failed to resolve source metadata")]
    assert why in said
    assert not [line for line in said if "exporting to image" in line]


def test_a_broken_cache_had_nothing_to_move() -> None:
    names = ("Cache Docker layers", "Build + start services", "Move cache", "Stop services")
    said = texts(docker_job("broken", docker_steps_cached=0, steps=steps(*names)))
    assert "mv: cannot stat '/tmp/.buildx-cache-new': No such file or directory" in said
    assert " Network agent_bus_default  Removed" in said
    assert len([line for line in said if line.startswith("##[group]Run docker compose up")]) == 1


def test_a_failing_step_ends_in_its_error_and_a_skipped_one_leaves_nothing() -> None:
    failing = steps("Set up job", "Pytest", "Post Checkout", failing="Pytest")
    skipped = StepForLog(9, "Upload coverage", "skipped", START, START)
    why = "FAILED tests/test_streams.py::test_consumer_group - TimeoutError: redis did not answer in 5 s"
    said = texts(docker_job("none", conclusion="failure", steps=(*failing, skipped), failure=why))
    assert why in said
    assert [line for line in said if "TimeoutError: redis did not answer" in line and line != why]
    assert [line for line in said if "1 failed" in line]
    assert "##[error]Process completed with exit code 1." in said
    assert not [line for line in said if "upload-artifact" in line]
    cleanup = said.index("Post job cleanup.")
    assert cleanup > said.index("##[error]Process completed with exit code 1.")


def test_an_exception_comes_with_its_traceback_and_uncollected_tests_did_not_run() -> None:
    names = ("Set up job", "Pytest")
    why = "ModuleNotFoundError: No module named 'chromadb'"
    said = texts(docker_job("none", conclusion="failure", failure=why, steps=steps(*names, failing="Pytest")))
    assert "Traceback (most recent call last):" in said
    assert said[-2:] == [why, "##[error]Process completed with exit code 1."]
    assert not [line for line in said if "passed" in line]


def test_a_job_out_of_time_is_cancelled_with_the_reason() -> None:
    why = "The job has exceeded the maximum execution time of 20m0s"
    cut = StepForLog(1, "Real Claude smoke", "cancelled", START, START + timedelta(seconds=90))
    said = texts(docker_job("none", conclusion="timed_out", failure=why, steps=(cut,)))
    assert said[-2:] == [f"##[error]{why}", "##[error]The operation was canceled."]


def test_setup_python_restores_its_own_cache_in_the_same_words() -> None:
    said = texts(docker_job("none", steps=steps("Set up job", "Set up Python")))
    assert [line for line in said if line.startswith("Cache restored from key: setup-python-")]


def test_a_cache_word_in_a_script_stands_in_the_echo_and_in_the_output() -> None:
    said = texts(docker_job("miss"))
    assert "\x1b[36;1mecho 'Cache restored from key: fake'\x1b[0m" in said
    assert "Cache restored from key: fake" in said


@pytest.mark.parametrize(
    ("name", "step", "words"),
    [
        ("lint", "Ruff check", "All checks passed!"),
        ("lint", "Black check", "files would be left unchanged."),
        ("Python Security (Bandit)", "Run Bandit", "Total lines of code"),
        ("Dependency Vulnerabilities (Safety)", "Check dependencies", "vulnerabilities reported"),
        ("Container Security (Trivy)", "Run Trivy scan", "CRITICAL: 0"),
        ("smoke", "Run smoke test", '"llm_mode":"mock"'),
        ("benchmark", "Run benchmark", "median"),
        ("deploy", "Deployment stub", "not markup"),
    ],
)
def test_every_kind_of_job_has_its_own_words(name: str, step: str, words: str) -> None:
    job = JobForLog(name, "success", START, steps("Set up job", step, "Complete job"))
    said = texts(job)
    assert f"Complete job name: {name}" in said
    assert [line for line in said if words in line]
    assert "Cleaning up orphan processes" in said


def test_the_same_job_always_gives_the_same_bytes() -> None:
    assert job_log(docker_job("hit")) == job_log(docker_job("hit"))
