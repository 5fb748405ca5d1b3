"""The page Results: the paper's tables, reproduced."""
