"""The program in terminals of its own, and a demo world in another process."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]
else:
    from program import CIDASH, Home, Served, served
    from pseudo_terminal import PseudoTerminal


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder starts the program."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    path = tmp_path / "home"
    path.mkdir()
    return Home(path)


@pytest.fixture
def terminal(home: Home) -> Iterator[Callable[..., PseudoTerminal]]:
    """Starts the program in terminals that end with the test."""
    started: list[PseudoTerminal] = []

    def start(*arguments: str | Path, **settings: Any) -> PseudoTerminal:
        environ = home.environ | settings.pop("environ", {})
        started.append(PseudoTerminal([*CIDASH, *arguments], environ=environ, cwd=home.path, **settings))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def demo_served(home: Home) -> Iterator[Served]:
    """The demo world in another process."""
    with served(home) as servers:
        yield servers
