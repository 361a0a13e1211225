"""Where tokens come from, and where they never go."""

import os
import stat
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cidash.config.error import ConfigError
from cidash.config.model import Config, TokenSource
from cidash.config.token import github_token, jira_credentials, resolve

DEMO = {"hosts": {"github.com": {"api_url": "http://127.0.0.1:8765"}}}


def config(**sections: Any) -> Config:
    return Config.model_validate(sections)


def program(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def revealed(host: str, settings: Config, environ: dict[str, str]) -> str | None:
    token = github_token(host, settings, environ)
    return None if token is None else token.reveal()


@pytest.fixture
def gh(tmp_path: Path, environ: dict[str, str]) -> Callable[[str], None]:
    """Puts a gh on the PATH that prints what the body says."""

    def install(body: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program(folder, "gh", body)
        environ["PATH"] = f"{folder}{os.pathsep}/usr/bin"

    return install


def test_github_com_order(environ: dict[str, str], gh: Callable[[str], None]) -> None:
    assert revealed("github.com", Config(), environ) is None
    gh("assert sys.argv[1:] == ['auth', 'token', '--hostname', 'github.com']; print('from-gh')")
    assert revealed("github.com", Config(), environ) == "from-gh"
    environ["GITHUB_TOKEN"] = "from-github-token"
    assert revealed("github.com", Config(), environ) == "from-github-token"
    environ["GH_TOKEN"] = "from-gh-token\n"
    assert revealed("github.com", Config(), environ) == "from-gh-token"
    environ["MINE"] = "from-config"
    own = config(hosts={"github.com": {"token": {"env": "MINE"}}})
    assert revealed("github.com", own, environ) == "from-config"


def test_the_environments_tokens_stay_away_from_other_hosts(environ: dict[str, str], gh: Callable[[str], None]) -> None:
    gh("print('from-gh')")
    environ |= {"GH_TOKEN": "real", "GITHUB_TOKEN": "real", "GH_ENTERPRISE_TOKEN": "real", "GH_HOST": "ghe.example.com"}
    assert revealed("github.com", config(**DEMO), environ) is None
    proxy = config(hosts={"github.com": {"api_url": "https://proxy.example/github"}})
    assert revealed("github.com", proxy, environ) is None
    lookalike = config(hosts={"github.com": {"api_url": "https://notgithub.com"}})
    assert revealed("github.com", lookalike, environ) is None
    assert revealed("evil.example", Config(), environ) == "from-gh", "gh knows its own hosts"
    environ["PATH"] = ""
    assert revealed("evil.example", Config(), environ) is None


def test_the_demo_takes_the_token_of_its_config(environ: dict[str, str]) -> None:
    environ["GH_TOKEN"] = "real"
    demo = config(hosts={"github.com": {"api_url": "http://127.0.0.1:8765", "token": {"value": "demo"}}})
    assert revealed("github.com", demo, environ) == "demo"
    asked = config(hosts={"github.com": {"api_url": "http://127.0.0.1:8765", "token": {"env": "GH_TOKEN"}}})
    assert revealed("github.com", asked, environ) == "real"


def test_enterprise(environ: dict[str, str]) -> None:
    environ |= {"GH_TOKEN": "github.com's", "GH_ENTERPRISE_TOKEN": "enterprise", "GH_HOST": "GHE.example.com"}
    assert revealed("ghe.example.com", Config(), environ) == "enterprise"
    assert revealed("other.example.com", Config(), environ) is None
    del environ["GH_HOST"]
    assert revealed("ghe.example.com", Config(), environ) is None


def test_gh_is_asked_for_its_own_token_of_that_host(environ: dict[str, str], gh: Callable[[str], None]) -> None:
    gh(
        "assert sys.argv[-1] == 'ghe.example.com'\n"
        "print('kept' if not [n for n in os.environ if n.startswith(('GH_', 'GITHUB_'))] else 'leaked')"
    )
    environ |= {"GH_ENTERPRISE_TOKEN": "other's", "GITHUB_TOKEN": "x", "GH_TOKEN": "y", "GH_HOST": "other.example.com"}
    assert revealed("ghe.example.com", Config(), environ) == "kept"


@pytest.mark.parametrize("body", ["sys.exit(1)", "print('')", "print('x', file=sys.stderr); sys.exit(4)"])
def test_a_gh_that_is_not_logged_in_is_no_gh(body: str, environ: dict[str, str], gh: Callable[[str], None]) -> None:
    gh(body)
    assert github_token("github.com", Config(), environ) is None


def test_a_gh_that_hangs_is_given_up(
    environ: dict[str, str], gh: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cidash.config.token.GH_SECONDS", 0.3)
    gh("time.sleep(60)")
    begun = time.monotonic()
    assert github_token("github.com", Config(), environ) is None
    assert time.monotonic() - begun < 5


def test_a_gh_of_a_relative_path_is_not_run(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "gh", "print('strangers')")
    monkeypatch.chdir(tmp_path)
    environ["PATH"] = "."
    assert github_token("github.com", Config(), environ) is None


# -- sources ------------------------------------------------------------------------------------------------------


def source(**way: Any) -> TokenSource:
    return TokenSource.model_validate(way)


def test_env(environ: dict[str, str]) -> None:
    environ["MINE"] = " token \n"
    assert resolve(source(env="MINE"), environ=environ).reveal() == "token"
    for empty in ("", "  "):
        environ["MINE"] = empty
        with pytest.raises(ConfigError, match="environment variable MINE, which the config names, is not set"):
            resolve(source(env="MINE"), environ=environ)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "ümlaut", "nul\x00", "x" * 5000])
def test_what_can_not_be_a_header_is_refused_unquoted(token: str, environ: dict[str, str]) -> None:
    environ["MINE"] = token
    with pytest.raises(ConfigError, match="can't be sent") as caught:
        resolve(source(env="MINE"), environ=environ)
    assert token not in str(caught.value)


def test_command(tmp_path: Path, environ: dict[str, str], home: Path) -> None:
    path = program(tmp_path, "pass", "print(sys.argv[1]); print('s3cret', file=sys.stderr)")
    assert resolve(source(command=[str(path), "$(whoami)"]), environ=environ).reveal() == "$(whoami)"
    where = program(tmp_path, "where", "print(os.getcwd())")
    assert resolve(source(command=[str(where)]), environ=environ).reveal() == str(home)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("print('s3cret'); sys.exit(3)", "failed with exit code 3. Run it by hand"),
        ("sys.stdout.buffer.write(b'\\xff\\xfe')", "printed something else"),
        ("pass", "can't be sent: it is empty"),
        ("print('s3cret ' * 5)", "can't be sent"),
        ("sys.stdout.write('s3cret' * 100_000)", "prints too much and was stopped"),
        ("time.sleep(60)", "took more than 0.5 s and was stopped"),
        ("os.fork() or time.sleep(6); print('s3cret')", "took more than 0.5 s and was stopped"),
    ],
)
def test_commands_that_fail(
    body: str, sentence: str, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("cidash.config.token.COMMAND_SECONDS", 0.5 if "sleep" in body else 10.0)
    path = program(tmp_path, "tok", "print('diag s3cret', file=sys.stderr)\n" + body)
    begun = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        resolve(source(command=[str(path), "argument-s3cret"]), environ=environ)
    assert sentence in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in capfd.readouterr().err
    assert time.monotonic() - begun < 8


def test_a_command_that_is_not_there(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"program nowhere, .* can't be started: No such file"):
        resolve(source(command=["/usr/bin/nowhere"]), environ=environ)
    with pytest.raises(ConfigError, match="can't be started"):
        resolve(source(command=["/bin/echo", "a\x00b"]), environ=environ)


def test_keyring(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = types.ModuleType("keyring")
    keyring.get_password = lambda service, user: {"cidash": f"{service}-{user}"}.get(service)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert resolve(source(keyring="cidash"), environ=environ).reveal() == "cidash-token"
    with pytest.raises(ConfigError, match="`keyring set other token`"):
        resolve(source(keyring="other"), environ=environ)

    def locked(_service: str, _user: str) -> str:
        raise RuntimeError("s3cret")

    keyring.get_password = locked  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"did not answer .*RuntimeError") as caught:
        resolve(source(keyring="cidash"), environ=environ)
    assert "s3cret" not in str(caught.value)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="package keyring is not installed"):
        resolve(source(keyring="cidash"), environ=environ)


# -- Jira ---------------------------------------------------------------------------------------------------------

SITE = "https://x.atlassian.net"
FILLED = {"JIRA_URL": SITE, "JIRA_EMAIL": "you@example.com", "JIRA_API_TOKEN": "from-environ"}


def jira(environ: dict[str, str], **section: Any) -> tuple[str, str | None, str, str | None] | None:
    found = jira_credentials(config(jira=section) if section else Config(), environ)
    return None if found is None else (found.url, found.email, found.token.reveal(), found.api_url)


def test_jira_from_the_environment_alone(environ: dict[str, str]) -> None:
    assert jira(environ) is None
    assert jira(environ | FILLED) == (SITE, "you@example.com", "from-environ", None)
    assert jira(environ | FILLED, epic="KAN-40") == (SITE, "you@example.com", "from-environ", None)
    other = {"JIRA_BASE_URL": SITE + "/", "JIRA_EMAIL": "a@b.c", "JIRA_API_TOKEN": "t"}
    assert jira(environ | other) == (SITE, "a@b.c", "t", None)


def test_a_folders_epic_alone_asks_for_nothing(environ: dict[str, str]) -> None:
    assert jira(environ, epic="KAN-40") is None
    assert jira(environ | {"JIRA_URL": SITE}, epic="KAN-40") is None


def test_the_config_comes_first(environ: dict[str, str]) -> None:
    environ |= {**FILLED, "MINE": "mine", "ADDRESS": "me@example.com"}
    assert jira(environ, url=SITE, token={"env": "MINE"}) == (SITE, "you@example.com", "mine", None)
    own = {"url": "https://y.example", "email": {"env": "ADDRESS"}, "token": {"env": "MINE"}}
    assert jira(environ, **own) == ("https://y.example", "me@example.com", "mine", None)
    gateway = "https://api.atlassian.com/ex/jira/1"
    assert jira(environ, url=SITE, api_url=gateway, token={"env": "MINE"}) == (SITE, "you@example.com", "mine", gateway)


def test_a_token_of_another_site_is_not_sent(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"y\.example: JIRA_API_TOKEN is not sent there") as caught:
        jira(environ | FILLED, url="https://y.example")
    assert "from-environ" not in str(caught.value)
    with pytest.raises(ConfigError, match="not sent there"):
        jira(environ | {"JIRA_API_TOKEN": "real"}, url="http://127.0.0.1:1")


def test_the_demo_gets_no_address_of_the_environment(environ: dict[str, str]) -> None:
    demo = jira(environ | {"JIRA_EMAIL": "you@example.com"}, url="http://127.0.0.1:1", token={"value": "demo"})
    assert demo == ("http://127.0.0.1:1", None, "demo", None)


def test_what_is_missing_is_said(environ: dict[str, str]) -> None:
    with pytest.raises(
        ConfigError, match=r"no token for the Jira site x\.atlassian\.net: set JIRA_API_TOKEN or jira\.token"
    ):
        jira(environ, url=SITE)
    with pytest.raises(ConfigError, match=r"set JIRA_EMAIL or jira\.email"):
        jira(environ | {"JIRA_API_TOKEN": "t"}, url=SITE)
    with pytest.raises(ConfigError, match="variable JIRA_URL is plain http"):
        jira(environ | {"JIRA_URL": "http://x.example"})
    assert jira(environ | {"JIRA_API_TOKEN": "pat"}, url="https://jira.corp.example") == (
        "https://jira.corp.example", None, "pat", None,
    )  # fmt: skip


def test_credentials_do_not_show_the_token(environ: dict[str, str]) -> None:
    assert "from-environ" not in repr(jira_credentials(Config(), environ | FILLED))
