"""The app measured in a real browser."""
