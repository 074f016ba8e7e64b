"""The Data Lake Storage Gen2 API, on top of blobs."""
