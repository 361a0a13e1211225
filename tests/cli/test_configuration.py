"""`cidash config`: what it shows can be loaded again, and holds no token."""

import json
from collections.abc import Callable
from pathlib import Path

from cidash.config.load import load_text

Cidash = Callable[..., tuple[int, str, str]]
NASTY = """
read_only = true
[[repositories]]
name = "a/b"
workflows = ["CI \\"x\\"", "日本 🚀", "\\u007f\\u0001"]
[hosts."github.com"]
token = { command = ["gh", "auth", "token"] }
[hosts."ghe.example.com:8443"]
token = { keyring = "cidash" }
[jira]
url = "https://x.example"
email = { env = "MAIL" }
token = { env = "TOKEN" }
epic = "KAN-40"
[[targets]]
id = "x"
title = "X"
limit = "3m30s"
cache = "hit"
[keys]
"watch.refresh" = "f5"
"""


def test_what_is_shown_can_be_loaded_again(cidash: Cidash, home: Path) -> None:
    file = home / "c.toml"
    file.write_text(NASTY)
    code, out, err = cidash("config", "show", "--config", str(file))
    assert (code, err) == (0, "")
    assert load_text(out, "shown") == load_text(NASTY, "own")


def test_the_defaults_are_shown(cidash: Cidash) -> None:
    _, out, _ = cidash("config", "show")
    assert load_text(out, "shown") == load_text("", "nothing")


def test_tokens_are_not_shown(cidash: Cidash, home: Path) -> None:
    file = home / "c.toml"
    file.write_text(
        '[hosts."github.com"]\napi_url = "http://127.0.0.1:1"\ntoken = { value = "s3cret" }\n'
        '[jira]\nurl = "http://127.0.0.1:2"\nemail = { value = "s3cret" }\ntoken = { value = "s3cret" }\n'
    )
    code, out, _ = cidash("config", "show", "--config", str(file))
    assert code == 0
    assert "s3cret" not in out
    assert 'token = { value = "**********" }' in out


def test_path(cidash: Cidash, home: Path) -> None:
    assert cidash("config", "path")[1] == f"{home}/config/cidash/config.toml (not there: the defaults are in force)\n"
    own = home / "config" / "cidash" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("")
    over = home / "work" / ".cidash.toml"
    over.write_text("")
    assert cidash("config", "path")[1] == f"{own}\n{over}\n"


def test_schema(cidash: Cidash) -> None:
    schema = json.loads(cidash("config", "schema")[1])
    assert set(schema["properties"]) >= {
        "repositories",
        "hosts",
        "jira",
        "polling",
        "targets",
        "history",
        "screen",
        "keys",
    }
    assert schema["additionalProperties"] is False
