"""Opening a page without ever blocking the screen: only https, only where a browser can be seen."""

import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit


def is_openable(url: str | None) -> bool:
    """Returns whether the address is a web page; plain http only on this machine."""
    if not url:
        return False
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"})


def command_for(url: str, environ: Mapping[str, str], platform: str = sys.platform) -> list[str] | None:
    """Returns the program call that shows the page, or None where no browser can be seen: over ssh, or no display."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return None
    if platform == "darwin":
        return ["open", url]
    if platform == "win32":
        return ["rundll32", "url.dll,FileProtocolHandler", url]
    if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return ["xdg-open", url]
    return None


def start(call: list[str]) -> bool:
    """Starts the program away from the terminal and returns at once; False when there is no such program."""
    try:
        subprocess.Popen(  # noqa: S603 - a fixed program and a checked address, no shell
            call,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    return True
