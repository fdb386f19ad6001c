"""MangaFlux colours black-and-white manga pages in the colours of a style reference."""

import os

__version__ = "0.1.0"

# Official builds of ONNX Runtime report to their maker, from their import on, unless this is set before. Pages are
# nobody's business.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
