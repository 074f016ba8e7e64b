"""Run history: runs as the SDK and the studio see them, with their artifacts and outputs."""
