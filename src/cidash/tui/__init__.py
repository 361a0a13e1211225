"""The Textual app: views, dialogs, widgets, one stylesheet, one key table."""
