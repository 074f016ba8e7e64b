"""Each figure that the README claims, and how to get it again: ``make bench``."""
