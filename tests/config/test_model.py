"""What a config may say and what it may not."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cidash.config.explain import known_keys
from cidash.config.load import default_targets, load_text
from cidash.config.model import Config, JiraConfig, TargetConfig, TokenSource
from cidash.config.origin import checked_host, checked_url, is_loopback
from cidash.domain.cache import CacheState
from cidash.domain.repository import RepositoryId
from cidash.domain.target import Target

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def uncommented(text: str) -> str:
    return "\n".join(
        line[1:] if line.startswith("#") and line[1:2] not in {" ", ""} else line for line in text.splitlines()
    )


def test_the_example_is_the_default() -> None:
    assert load_text(EXAMPLE.read_text(), "example") == Config()


def test_the_example_with_everything_switched_on_loads() -> None:
    config = load_text(uncommented(EXAMPLE.read_text()), "example")
    assert config.repositories[0].id == RepositoryId("github.com", "tefj-fun", "agent_bus")
    assert config.jira is not None
    assert config.jira.epic == "KAN-40"
    assert config.targets[0].target().limit == 120


def test_the_example_shows_every_key() -> None:
    text = EXAMPLE.read_text()
    missing = [key for key in known_keys(Config) if not _shows(text, key.rpartition(".")[2])]
    assert missing == []


def _shows(text: str, name: str) -> bool:
    return any(f"{sign}{name}{end}" in text for sign in ("\n", "#", "{ ", "[", "[[") for end in (" =", "]", "."))


def test_the_example_shows_the_true_defaults() -> None:
    shown = load_text(uncommented(EXAMPLE.read_text()), "example")
    assert shown.polling == Config().polling
    assert shown.repositories[0].model_dump(exclude={"name"}) == {"host": "github.com", "workflows": ()}
    assert shown.targets[0].unit == TargetConfig.model_fields["unit"].default
    assert shown.screen.model_dump(exclude={"theme"}) == Config().screen.model_dump(exclude={"theme"})


def test_a_target_becomes_the_noun() -> None:
    target = TargetConfig.model_validate(
        {
            "id": "x",
            "title": "X",
            "workflow": "CI",
            "cache": "hit",
            "baseline": "3m30s",
            "limit": 120,
            "ticket": "kan-7",
        }
    ).target()
    assert target == Target(
        "x", "X", "run-duration", "CI", cache=CacheState.HIT, baseline=210.0, limit=120.0, ticket="KAN-7"
    )


@pytest.mark.parametrize(
    ("unit", "written", "amount"),
    [("percent", "64%", 0.64), ("percent", 0.5, 0.5), ("count", 3, 3), ("percent", "0 %", 0)],
)
def test_amounts_follow_the_unit(unit: str, written: object, amount: float) -> None:
    config = TargetConfig.model_validate(
        {"id": "x", "title": "X", "measure": "control", "unit": unit, "limit": written}
    )
    assert config.target().limit == amount


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": None},
        {"limit": "2x"},
        {"limit": True},
        {"unit": "percent", "limit": 0.5},
        {"unit": "percent", "measure": "control", "limit": "101%"},
        {"unit": "percent", "measure": "control", "limit": 1.5},
        {"unit": "count", "measure": "control", "limit": "3"},
        {"unit": "count", "measure": "control", "limit": -1},
        {"id": "No Id"},
        {"title": ""},
        {"ticket": "KAN"},
        {"measure": "vibes"},
        {"cache": "warm"},
    ],
)
def test_a_target_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TargetConfig.model_validate({"id": "x", "title": "X", "limit": 120} | wrong)


def test_two_targets_of_one_id_are_refused() -> None:
    target = {"id": "x", "title": "X", "limit": 1}
    with pytest.raises(ValidationError, match="two targets"):
        Config.model_validate({"targets": [target, target]})


def test_the_default_targets_are_those_of_the_guide() -> None:
    targets = default_targets()
    assert [target.id for target in targets] == [
        "ci-time-hit", "docker-build-hit", "second-run", "ci-total", "lint-coverage", "security-scans",
        "branch-protection", "release-automation", "formatting",
    ]  # fmt: skip
    assert (targets[0].baseline, targets[0].limit, targets[0].cache) == (210, 120, CacheState.HIT)
    assert [target.limit for target in targets[1:4]] == [30, 60, 300]
    assert (targets[1].step, targets[2].measure) == ("Build + start services", "cache-saving")
    assert {target.measure for target in targets[4:]} == {"control"}
    assert all(target.limit is not None or target.limit_text for target in targets)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("github.com", "https://api.github.com"),
        ("GitHub.com", "https://api.github.com"),
        ("ghe.example.com", "https://ghe.example.com/api/v3"),
        ("octo.ghe.com", "https://api.octo.ghe.com"),
    ],
)
def test_a_host_knows_its_usual_address(host: str, url: str) -> None:
    config = Config.model_validate({"hosts": {host: {"token": {"env": "X"}}}})
    assert config.hosts[host.lower()].api_url == url
    assert Config().host(host.lower()).api_url == url


@pytest.mark.parametrize("source", [{}, {"env": "A", "keyring": "b"}, {"command": []}, {"command": [""]}, {"env": ""}])
def test_a_token_source_is_exactly_one(source: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TokenSource.model_validate(source)


def test_a_token_in_plain_text_stays_on_this_machine() -> None:
    token = {"value": "hunter2"}
    for url in ("http://127.0.0.1:99", "http://localhost:99", "http://[::1]:99", "https://127.8.9.1"):
        Config.model_validate(
            {"hosts": {"github.com": {"api_url": url, "token": token}}, "jira": {"url": url, "token": token}}
        )
    for jira in (
        {"url": "https://x.example", "token": token},
        {"url": "https://x.example", "email": token},
        {"url": "http://127.0.0.1:1", "api_url": "https://x.example", "token": token},
        {"token": token},
    ):
        with pytest.raises(ValidationError, match="plain text") as caught:
            JiraConfig.model_validate(jira)
        assert "hunter2" not in str(caught.value)
    with pytest.raises(ValidationError, match="plain text"):
        Config.model_validate({"hosts": {"github.com": {"token": token}}})


def test_a_token_shows_itself_nowhere() -> None:
    config = Config.model_validate(
        {"hosts": {"github.com": {"api_url": "http://127.0.0.1", "token": {"value": "hunter2"}}}}
    )
    assert "hunter2" not in f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://127.0.0.1\\@example.com",
        "http://localhost.example.com",
        "http://localhost.",
        "http://0.0.0.0",
        "http://10.0.0.1",
        "http://[::ffff:10.0.0.1]",
        "ftp://127.0.0.1",
        "https://user:token@example.com",
        "https://example.com?token=x",
        "https://example.com#x",
        "https://exa mple.com",
        "https://example.com\n",
        "https://",
        "https://exämple.com",
        "example.com",
        "https://example.com:99999",
        "",
    ],
)
def test_urls_that_a_token_must_not_go_to(url: str) -> None:
    with pytest.raises(ValueError, match=r"is not|plain http|more in it"):
        checked_url(url)


def test_urls_that_are_fine() -> None:
    assert checked_url("https://example.com/jira/") == "https://example.com/jira"
    assert checked_url("http://127.0.0.1:8080") == "http://127.0.0.1:8080"
    assert checked_url("https://[2001:db8::1]:8443") == "https://[2001:db8::1]:8443"


@pytest.mark.parametrize("url", ["http://127.0.0.1", "http://127.255.0.1:1", "http://LOCALHOST", "http://[::1]:4"])
def test_loopback(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url", ["http://[", "", "http://127.1", "http://2130706433", "http://x.localhost", "127.0.0.1"]
)
def test_not_loopback(url: str) -> None:
    assert not is_loopback(url)


@pytest.mark.parametrize("host", ["", "a b", "../x", "-x", "x:", "x:y", "x:99999", "x/y", "x\n", "@x"])
def test_no_host_names(host: str) -> None:
    with pytest.raises(ValueError, match="host name"):
        checked_host(host)


@pytest.mark.parametrize("name", ["a", "a/b/c", "a/..", "./a", "a/b c", "a/", "/a", "a/b\n", "a/b?x", ""])
def test_no_repository_names(name: str) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"repositories": [{"name": name}]})
