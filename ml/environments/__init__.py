"""Environments that jobs run in."""
