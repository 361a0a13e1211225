"""Opens a web page, or copies its address where no browser can be seen."""

import os
from typing import TYPE_CHECKING

from cidash.tui import browser

if TYPE_CHECKING:
    from cidash.tui.app import CidashApp


def open_page(app: "CidashApp", url: str | None) -> None:
    """Opens the page in a browser; where none can be seen from here, copies the address; says which it was."""
    if not browser.is_openable(url):
        app.say("This row has no web page.")
        return
    assert url is not None
    call = browser.command_for(url, os.environ)
    if call is not None and browser.start(call):
        app.say(f"Opened {url}")
    else:
        app.copy_to_clipboard(url)
        app.say(f"No browser can be seen from here. Copied instead: {url}")
