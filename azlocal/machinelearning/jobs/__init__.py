"""Jobs that really run: commands and pipelines, as processes of this machine."""
