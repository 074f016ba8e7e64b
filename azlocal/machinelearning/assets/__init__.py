"""Assets by reference: the many ways in which Azure ML's clients name data, models, environments and code."""
