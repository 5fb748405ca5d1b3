"""Questions about one explained picture: cells, votes, rectangles, stability, receptive field, other methods."""
