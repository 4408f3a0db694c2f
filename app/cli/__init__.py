"""The command line: `rapport serve | migrate | tenants | keys | instruments | openapi`."""
