"""Files of weights: what they are, reading them without running anything, and a network's part of them."""
