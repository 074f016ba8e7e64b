"""Online endpoints: scoring processes in their deployments' environments, and the router before them."""
