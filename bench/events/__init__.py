"""Events written, followed and counted while the workers that move them are killed."""
