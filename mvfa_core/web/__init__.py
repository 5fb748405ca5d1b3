"""JavaScript that the app and exported pages share: the method in the browser, and what it is given."""
