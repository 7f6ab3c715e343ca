"""Sessions that survive a crash: the vault, its envelope and the recovery blobs."""
