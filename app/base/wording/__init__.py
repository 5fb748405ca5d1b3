"""Every sentence on the screen, a module a page."""
