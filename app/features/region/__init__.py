"""The page Region: the answer for one rectangle."""
