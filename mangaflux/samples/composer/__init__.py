"""Composes pages of every kind of layout, with exact truth about panels, their order, balloons and lettering."""
