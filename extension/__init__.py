"""The browser extension: how it is built and drawn is Python, all else JavaScript."""
