"""What has changed, in the order in which it was committed: ids and codes only."""
