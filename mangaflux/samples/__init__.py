"""Draws manga pages with known truth, for the demo, tests, benchmarks and training."""
