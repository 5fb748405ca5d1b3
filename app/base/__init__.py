"""What everything above stands on: settings, session, address, errors, texts. No page, no model."""
