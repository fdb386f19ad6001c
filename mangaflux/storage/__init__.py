"""Keeps: jobs, events and files. The only place with SQL and file paths."""
