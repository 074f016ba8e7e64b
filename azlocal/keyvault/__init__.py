"""Azure Key Vault: secrets, with versions, soft delete and roles."""
