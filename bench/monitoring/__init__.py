"""The files for Prometheus and Grafana, held against a real Prometheus and a running service."""
