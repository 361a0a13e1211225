"""Dialogs: every write is named here before it is asked for."""
