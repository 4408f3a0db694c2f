"""The course of one alliance: a read side over its responses."""
