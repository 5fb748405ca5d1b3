"""The page Lesson: the method, step by step."""
