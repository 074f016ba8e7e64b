"""Views of a plan: pure functions from the resources that ``azlocal plan --json`` writes."""
