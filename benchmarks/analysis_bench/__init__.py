"""Pages with truth, scores and tables of the analysis benchmark."""
