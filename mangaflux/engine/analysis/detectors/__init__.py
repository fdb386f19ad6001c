"""Optional detectors: neural networks that say where things are on a page, for the analysis to take as hints."""
