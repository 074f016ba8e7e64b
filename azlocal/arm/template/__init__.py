"""ARM templates: their expressions, and what a deployment does with their resources."""
