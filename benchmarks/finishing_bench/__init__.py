"""The parts of the finishing benchmark."""
