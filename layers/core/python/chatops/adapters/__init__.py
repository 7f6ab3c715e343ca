"""The outside world: the only package that imports boto3 and requests."""
