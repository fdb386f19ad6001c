"""MangaFlux colours black-and-white manga pages in the colours of a style reference."""

__version__ = "0.1.0"
