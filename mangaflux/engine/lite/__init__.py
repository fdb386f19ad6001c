"""The embedded engine: the colours of a reference on two CPU cores, without weights."""
