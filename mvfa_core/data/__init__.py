"""Pictures to learn from: drawn here, or read from folders."""
