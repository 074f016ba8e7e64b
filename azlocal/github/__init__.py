"""GitHub Actions, as far as Azure knows it: the issuer of the tokens by which workflows sign in."""
