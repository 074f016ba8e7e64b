"""The lake and Spark."""
