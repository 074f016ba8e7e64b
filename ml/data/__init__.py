"""Flights into the lake, in batches that can come again without changing anything."""
