"""Lets `python -m mangaflux` do what the `mangaflux` command does."""

from mangaflux.cli import main

if __name__ == "__main__":
    main()
