"""`make bench`: how fast the service is here, as ratios to an empty FastAPI twin."""
