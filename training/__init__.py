"""Makes the weights of the lite engine's colour prior: pages → pack → training → network in the package."""
