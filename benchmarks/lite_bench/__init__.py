"""The parts of the benchmark of the lite engine."""
