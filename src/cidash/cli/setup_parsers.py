"""The grammar of the set-up commands: `doctor`, `init`, `completion`."""

import argparse
from collections.abc import Callable


def add_setup(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Adds the three commands."""
    doctor = command("doctor", "Say what works, and which rights are missing and would show what", "doctor:doctor")
    doctor.add_argument("--json", action="store_true", help="one JSON object")
    doctor.add_argument(
        "--exit-status", action="store_true", help="1 if anything failed, else 2 if anything is missing or unknown"
    )
    init = command("init", "Write a commented configuration for this folder", "init:init")
    init.add_argument("--user", action="store_true", help="write your own configuration file instead")
    init.add_argument("--force", action="store_true", help="replace a file that is there")
    completion = command("completion", "Print a completion script for a shell", "completion:completion")
    completion.add_argument("shell", choices=["bash", "zsh", "fish"], metavar="SHELL", help="bash, zsh or fish")
