"""The page Figures: figures for papers."""
