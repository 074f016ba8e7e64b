"""A model's life on the platform: data, components, pipelines and endpoints of the flight-delay case."""
