"""The pages Anchors and Views: where the views start and how they vote."""
