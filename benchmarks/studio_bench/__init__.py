"""Parts of `benchmarks/studio.py`."""
