"""Article 12 recounted: the core and the second reading side by side, over as many incidents as wanted."""
