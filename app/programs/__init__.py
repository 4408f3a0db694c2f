"""What a whole programme's ratings say: added up week by week, and shown for groups only."""
