"""Locks, policies and the budget."""
