"""What surrounds the pages: start-up, routes, access, health."""
