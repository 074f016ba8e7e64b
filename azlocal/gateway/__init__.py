"""The way in: an HTTPS proxy that keeps Azure's host names and leaves every other host alone."""
