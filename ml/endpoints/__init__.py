"""The scoring endpoint: how a new model takes over from the one that serves."""
