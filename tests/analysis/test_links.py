"""Ticket keys in branches, titles and bodies: never a part of another word or number."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cidash.analysis.links import keys_in, mentions, pulls_of_ticket, tickets_of_pull
from cidash.domain.ci import PullRequest

MakePull = Callable[..., PullRequest]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("kan-76-lint", ("KAN-76",)),
        ("feature/KAN-76_x", ("KAN-76",)),
        ("feature_kan-76", ("KAN-76",)),
        ("#KAN-76: lint", ("KAN-76",)),
        ("Kan-76", ("KAN-76",)),
        ("fix-kan-76", ("KAN-76",)),
        ("KAN-77 and KAN-7, kan-77 again", ("KAN-77", "KAN-7")),
        ("https://team.atlassian.net/browse/KAN-76?x=1", ("KAN-76",)),
        ("[KAN-76](x) KAN-78.", ("KAN-76", "KAN-78")),
        ("AB2-3", ("AB2-3",)),
        ("KAN-76x", ()),
        ("KAN-76é", ()),
        ("éKAN-76", ()),
        ("1KAN-76", ()),
        ("KAN-0", ()),
        ("KAN-076", ()),
        ("KAN--76", ()),
        ("KAN - 76", ()),
        ("K-76", ()),
        ("KAN", ()),
        ("", ()),
    ],
)
def test_keys_by_example(text: str, keys: tuple[str, ...]) -> None:
    assert keys_in(text) == keys


def test_only_the_wanted_projects() -> None:
    assert keys_in("utf-8 sha-256 kan-76 OPS-3", ["kan", "OPS"]) == ("KAN-76", "OPS-3")
    assert keys_in("kan-76", []) == ()


PROJECTS = st.from_regex(r"[A-Z][A-Z0-9]{1,9}", fullmatch=True)
NUMBERS = st.integers(1, 999_999)
SEPARATORS = st.sampled_from(["", " ", "/", "_", "-", "#", ":", ".", "(", "\n", "…"])


@given(PROJECTS, NUMBERS, SEPARATORS, SEPARATORS, st.booleans())
def test_a_key_between_separators_is_found(project: str, number: int, before: str, after: str, lower: bool) -> None:
    key = f"{project}-{number}"
    text = f"x{before}{key.lower() if lower else key}{after}y" if before and after else key
    assert key in keys_in(text)
    assert mentions(text, key)


@given(PROJECTS, NUMBERS, st.sampled_from(string.ascii_letters + string.digits + "éßЖ中"))
def test_a_letter_or_digit_beside_it_makes_it_another_word(project: str, number: int, beside: str) -> None:
    key = f"{project}-{number}"
    for text in (f"{beside}{key}", f"{key}{beside}"):
        assert key not in keys_in(text)
        assert not mentions(text, key)


@given(st.text())
def test_keys_are_upper_case_unique_and_really_there(text: str) -> None:
    keys = keys_in(text)
    assert len(set(keys)) == len(keys)
    assert all(key == key.upper() and mentions(text, key) for key in keys)


@given(st.lists(st.tuples(PROJECTS, NUMBERS), max_size=5))
def test_the_order_is_that_of_the_text(pairs: list[tuple[str, int]]) -> None:
    keys = [f"{project}-{number}" for project, number in pairs]
    assert keys_in(", ".join(keys)) == tuple(dict.fromkeys(keys))


def test_lookalike_letters_are_no_key() -> None:
    assert not mentions("\u212aAN-76", "KAN-76")  # the Kelvin sign folds to k


def test_an_underscored_project_is_found_by_its_key() -> None:
    assert mentions("fix my_team-7: x", "MY_TEAM-7")
    assert not mentions("fix your my_team-76", "MY_TEAM-7")


def test_a_long_text_takes_no_time() -> None:
    assert keys_in("A" * 200_000 + "-" * 10) == ()
    assert keys_in("A-" * 100_000) == ()


def test_the_branch_comes_before_title_and_body(make_pull: MakePull) -> None:
    pull = make_pull(branch="kan-77-cache", title="KAN-76, KAN-77: x", body="See KAN-80 and kan-76.")
    assert tickets_of_pull(pull) == ("KAN-77", "KAN-76", "KAN-80")
    assert tickets_of_pull(pull, ["OPS"]) == ()


def test_pulls_of_a_ticket_best_first(make_pull: MakePull) -> None:
    by_body = make_pull(number=1, body="Closes KAN-76")
    by_title = make_pull(number=2, title="KAN-76: lint")
    by_branch = make_pull(number=3, branch="kan-76-lint")
    other = make_pull(number=4, branch="kan-7", title="KAN-760")
    pulls = (by_body, by_title, by_branch, other)
    assert pulls_of_ticket("KAN-76", pulls) == (by_branch, by_title, by_body)
    assert pulls_of_ticket("kan-76", pulls) == (by_branch, by_title, by_body)
    assert pulls_of_ticket("KAN-7", pulls) == (other,)
    assert pulls_of_ticket("KAN-79", pulls) == ()


def test_background_in_a_body_is_no_purpose(make_pull: MakePull) -> None:
    pull = make_pull(branch="kan-76-lint", body="KAN-77 waits for this.")
    assert pulls_of_ticket("KAN-77", [pull]) == ()
    assert pulls_of_ticket("OPS-1", [make_pull(branch="kan-76", body="OPS-1")]) != ()
