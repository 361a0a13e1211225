"""The program's own two themes: ink and signal lamps by night, paper and ink by day."""

from textual.theme import Theme

DARK = "cidash-dark"
LIGHT = "cidash-light"

THEMES = (
    Theme(
        name=DARK,
        dark=True,
        primary="#7fb4ff",
        secondary="#9d8cff",
        accent="#6fd3e3",
        warning="#f0b45c",
        error="#ff6f6f",
        success="#67cf94",
        foreground="#d6dde8",
        background="#0f141b",
        surface="#151b24",
        panel="#1d2530",
        variables={
            "text-success": "#67cf94",
            "text-error": "#ff7b7b",
            "text-warning": "#f0b45c",
            "text-accent": "#6fd3e3",
            "text-primary": "#7fb4ff",
            "text-muted": "#8390a3",
            "scrollbar": "#2b3646",
            "scrollbar-hover": "#3a485c",
            "scrollbar-active": "#7fb4ff",
            "scrollbar-background": "#0f141b",
            "scrollbar-background-hover": "#0f141b",
            "scrollbar-background-active": "#0f141b",
            "input-selection-background": "#7fb4ff 30%",
        },
    ),
    Theme(
        name=LIGHT,
        dark=False,
        primary="#1f5fbf",
        secondary="#6a4fc4",
        accent="#0b7285",
        warning="#a15c00",
        error="#c02a2a",
        success="#1b7f4b",
        foreground="#242b35",
        background="#fbfaf6",
        surface="#f3f1ea",
        panel="#e7e4da",
        variables={
            "text-success": "#1b7f4b",
            "text-error": "#c02a2a",
            "text-warning": "#a15c00",
            "text-accent": "#0b7285",
            "text-primary": "#1f5fbf",
            "text-muted": "#6b7280",
            "scrollbar": "#cfcabd",
            "scrollbar-hover": "#b8b2a2",
            "scrollbar-active": "#1f5fbf",
            "scrollbar-background": "#fbfaf6",
            "scrollbar-background-hover": "#fbfaf6",
            "scrollbar-background-active": "#fbfaf6",
            "input-selection-background": "#1f5fbf 25%",
        },
    ),
)
