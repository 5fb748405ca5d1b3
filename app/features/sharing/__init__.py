"""The bar on every page: links, class room, and the view as one file."""
