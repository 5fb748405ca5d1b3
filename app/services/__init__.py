"""What all visitors share: models, pictures, explanations, runs, and the limits on them."""
