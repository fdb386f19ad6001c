"""The parts of benchmarks/flux.py."""
