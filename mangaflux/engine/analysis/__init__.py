"""Pass 1: what is on the page. One question, one module; pure functions on arrays."""
