"""The page Evaluate: a whole data set through a model."""
