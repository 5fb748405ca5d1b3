"""One folder a page, or for several pages one job; none imports another."""
