"""Tenants' own wordings under their own licences, and the forms that are served with them."""
