"""What happens to a run, one operation a file; each is called by the function of the same name."""
