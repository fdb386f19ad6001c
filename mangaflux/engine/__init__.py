"""Computes: pages in, analysis and colour out. Knows no HTTP, no database and no jobs table."""
