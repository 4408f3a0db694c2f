"""Sums of programmes kept up through random changes, held against sums made from nothing."""
