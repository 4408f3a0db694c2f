"""What those who run the service ask it: whether it lives, is ready, and what it counts."""
