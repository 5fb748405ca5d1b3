"""The page Explore: maps, regions and the verdict, answered in the browser."""
