"""Secrets and personal data: what they look like, and how they are taken out of anything."""
