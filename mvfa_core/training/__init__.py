"""Training: recipes say what, the engine does it and yields events, a run is the folder that keeps them."""
