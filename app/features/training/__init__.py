"""The pages Train and Runs: set a run up, watch it, keep it."""
