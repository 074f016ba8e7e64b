"""A local Azure for development and tests: real host names, real clients, one machine."""
