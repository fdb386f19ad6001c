"""Brings the author's drawing back into what an engine painted."""
