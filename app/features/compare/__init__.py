"""The page Compare: two models on one picture."""
