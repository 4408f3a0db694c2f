"""`python -m bench.detection`: what the detector of drops finds, in simulation."""
