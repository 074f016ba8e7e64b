"""The virtual network, the ways into it and out of it; what a reviewer checks is in the tables."""
