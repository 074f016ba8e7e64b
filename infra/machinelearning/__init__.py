"""The Azure ML workspace, its storage, computes and registry."""
