"""The Pulumi program: the reference architecture, one module for each block of its diagram."""
