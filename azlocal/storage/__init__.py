"""Azure Storage: Blob, Queue and Table by Azurite, identity and roles and the Data Lake API by azlocal."""
