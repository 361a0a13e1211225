"""The cursor sits on a row, not on a row number."""

import pytest
from textual.app import App, ComposeResult
from textual.content import Content

from cidash.tui.keyed_list import KeyedList, Row


class ListApp(App[None]):
    def compose(self) -> ComposeResult:
        yield KeyedList(id="list")


def rows(*names: str, failed: str = "") -> list[Row]:
    return [Row(name, Content(name), failed=name == failed, search=name) for name in names]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (("a", "b", "c", "d"), "b"),
        (("d", "c", "b", "a"), "b"),
        (("x", "y", "z", "b"), "b"),
        (("a", "c", "d"), "c"),
        (("a",), "a"),
        (("x",), "x"),
        ((), None),
    ],
)
async def test_the_cursor_follows_its_row(after: tuple[str, ...], expected: str | None) -> None:
    app = ListApp()
    async with app.run_test(size=(20, 10)) as pilot:
        keyed = app.query_one(KeyedList)
        keyed.focus()
        keyed.show(rows("a", "b", "c", "d"))
        await pilot.press("j")
        keyed.show(rows(*after))
        assert on(keyed) == expected


async def test_the_row_stays_where_it_is_on_the_screen() -> None:
    app = ListApp()
    async with app.run_test(size=(20, 5)) as pilot:
        keyed = app.query_one(KeyedList)
        keyed.focus()
        names = [f"row {number}" for number in range(40)]
        keyed.show(rows(*names))
        await pilot.press(*["j"] * 20)
        line = 20 - round(keyed.scroll_y)
        keyed.show(rows("new 1", "new 2", "new 3", *names))
        await pilot.pause()
        assert on(keyed) == "row 20"
        assert 23 - round(keyed.scroll_y) == line


def on(keyed: KeyedList) -> object:
    return keyed.cursor_row.key if keyed.cursor_row is not None else None


async def test_captions_are_passed_over_and_ends_are_reached() -> None:
    app = ListApp()
    async with app.run_test(size=(20, 5)) as pilot:
        keyed = app.query_one(KeyedList)
        keyed.focus()
        keyed.show([Row("caption", Content("--"), selectable=False), *rows("a", "b"), *rows("c")])
        assert on(keyed) == "a"
        await pilot.press("k", "G")
        assert on(keyed) == "c"
        await pilot.press("g")
        assert on(keyed) == "a"
        await pilot.press("pagedown")
        assert on(keyed) == "c"


async def test_failures_are_found_round_the_end() -> None:
    app = ListApp()
    async with app.run_test(size=(20, 5)):
        keyed = app.query_one(KeyedList)
        keyed.show(rows("a", "b", "c", failed="b"))
        assert keyed.next_failure()
        assert on(keyed) == "b"
        keyed.put_cursor("c")
        assert keyed.next_failure()
        assert on(keyed) == "b"
        keyed.show(rows("a"))
        assert not keyed.next_failure(backwards=True)


async def test_a_filter_keeps_the_cursor_when_it_can() -> None:
    app = ListApp()
    async with app.run_test(size=(20, 5)):
        keyed = app.query_one(KeyedList)
        keyed.show(rows("apple", "banana", "cherry"))
        keyed.put_cursor("banana")
        keyed.filter_by("AN")
        assert [row.key for row in keyed.rows] == ["banana"]
        keyed.filter_by("nothing at all")
        assert on(keyed) is None
        keyed.filter_by("")
        assert len(keyed.rows) == 3


async def test_a_click_moves_the_cursor_and_a_double_click_opens() -> None:
    opened: list[object] = []

    class Clicked(ListApp):
        def on_keyed_list_opened(self, event: KeyedList.Opened) -> None:
            opened.append(event.row.key)

    app = Clicked()
    async with app.run_test(size=(20, 5)) as pilot:
        keyed = app.query_one(KeyedList)
        keyed.show(rows("a", "b", "c"))
        await pilot.click(KeyedList, offset=(3, 1))
        assert on(keyed) == "b"
        await pilot.click(KeyedList, offset=(3, 1), times=2)
        await pilot.pause()
        assert opened == ["b"]
