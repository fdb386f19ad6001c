"""Speaks HTTP: validates, calls, answers."""
