"""What each command of the command line does; `mangaflux.cli` parses arguments and hands over the parts."""
