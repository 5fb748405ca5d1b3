"""What the app refuses, each with a sentence for the visitor."""


class BusyError(ValueError):
    """So many wait already that one more would only wait for nothing."""


class QuotaError(ValueError):
    """More than may be brought here; the sentence says how much that is."""
