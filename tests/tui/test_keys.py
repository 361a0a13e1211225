"""The one key table: no clash in any view, and the user's keys are checked."""

import re
from pathlib import Path
from typing import Any

import pytest

from cidash.tui import keys
from cidash.tui.keyed_list import KeyedList
from cidash.tui.settings import SettingError
from cidash.tui.view import VIEWS


def test_no_key_does_two_things_in_one_place() -> None:
    assert keys.clashes({}) == []


def test_ids_are_unique_and_begin_with_their_place() -> None:
    ids = [one.id for one in keys.TABLE]
    assert len(ids) == len(set(ids))
    assert all(one.id.startswith((f"{one.place}.", "app.", "view.")) for one in keys.TABLE)


def test_every_place_belongs_to_a_view_or_dialog() -> None:
    reachable = {place for places in keys.TOGETHER.values() for place in places}
    assert {one.place for one in keys.TABLE} <= reachable


def test_every_action_exists() -> None:
    from cidash.tui.app import CidashApp
    from cidash.tui.caches.screen import CachesScreen
    from cidash.tui.dialogs.confirm import ConfirmDialog
    from cidash.tui.dialogs.rerun import RerunDialog
    from cidash.tui.epic.screen import EpicScreen
    from cidash.tui.log.screen import LogScreen
    from cidash.tui.watch.screen import WatchScreen

    owners = {
        "list": KeyedList,
        "watch": WatchScreen,
        "caches": CachesScreen,
        "epic": EpicScreen,
        "log": LogScreen,
        "rerun": RerunDialog,
        "confirm": ConfirmDialog,
        "dialog": ConfirmDialog,
        "app": CidashApp,
    }
    for one in keys.TABLE:
        owner = CidashApp if one.action.startswith("app.") else owners[one.place]
        assert hasattr(owner, f"action_{one.action.removeprefix('app.').partition('(')[0]}"), one.id


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"watch.reran": "F5"}, "there is no action called watch.reran. Did you mean watch.rerun?"),
        ({"nonsense": "x"}, "there is no action called nonsense. There are:"),
        ({"watch.rerun": "hyper+x"}, "keys.watch.rerun: hyper+x is not a key."),
        ({"watch.rerun": "nokey"}, "keys.watch.rerun: nokey is not a key."),
        ({"watch.rerun": ""}, "keys.watch.rerun: needs at least one key."),
        ({"watch.rerun": "t"}, "keys: t is bound to both watch.rerun and watch.transition."),
        ({"watch.filter": "?"}, "keys: ? is bound to both watch.filter and app.help."),
        ({"watch.rerun": "j"}, "keys: j is bound to both list.down and watch.rerun."),
    ],
)
def test_wrong_keys_give_a_sentence(wanted: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingError, match=re.escape(sentence)):
        keys.keymap(wanted)


def test_good_keys_are_taken() -> None:
    assert keys.keymap({"watch.rerun": "f5, ctrl+r", "watch.filter": "F"}) == {
        "watch.rerun": "f5,ctrl+r",
        "watch.filter": "F",
    }
    assert keys.keys_of("watch.rerun", {"watch.rerun": "f5,ctrl+r"}) == ("F5", "Ctrl+R")
    assert keys.keys_of("watch.filter", {}) == ("/",)


async def test_the_users_keys_replace_ours_everywhere(new_stage: Any) -> None:
    stage = new_stage(keys={"watch.rerun": "f5", "list.down": "x", "app.quit": "Q"})
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("x")
        assert "#43" in stage.lines()[0]
        await pilot.press("j", "R")
        assert "#43" in stage.lines()[0]
        assert len(stage.app.screen_stack) == 1
        assert "F5 re-run" in stage.lines()[-1]
        await pilot.press("f5")
        assert len(stage.app.screen_stack) == 2
        await pilot.press("escape", "q")
        assert stage.app.is_running
        await pilot.press("question_mark")
        assert "F5" in stage.text()
        await pilot.press("escape", "Q")
    assert stage.app.return_code == 0


def test_unknown_settings_give_a_sentence(new_stage: Any) -> None:
    with pytest.raises(SettingError, match="there is no theme called pink"):
        new_stage(theme="pink")
    with pytest.raises(SettingError, match="no action called x"):
        new_stage(keys={"x": "y"})


async def test_help_lists_every_key(stage: Any) -> None:
    async with stage.app.run_test(size=(120, 60)) as pilot:
        await pilot.press("question_mark")
        text = stage.text()
        for one in keys.TABLE:
            assert one.help in text or one.place in keys.VIEW_PLACES - {"watch"}, one.id
        assert "Back to the ledger" not in text


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (40, 10)])
async def test_the_footer_has_at_most_six_keys_and_always_help(new_stage: Any, size: tuple[int, int]) -> None:
    stage = new_stage()
    async with stage.app.run_test(size=size) as pilot:
        for _ in range(4):
            footer = stage.lines()[-1]
            assert footer.endswith("? help")
            assert len(re.split(r"\s{3,}", footer.strip())) <= 6
            await pilot.press("tab")


def test_each_view_has_its_number_key() -> None:
    numbers = {key: one.action for one in keys.TABLE for key in one.keys.split(",") if key in "123456"}
    assert numbers == {str(view.number): f"app.view({view.number})" for view in VIEWS}


def test_readers_of_the_source_find_no_other_binding() -> None:
    source = Path(keys.__file__).parent
    for path in source.rglob("*.py"):
        if path.name != "keys.py":
            assert "Binding(" not in path.read_text(encoding="utf-8"), path
