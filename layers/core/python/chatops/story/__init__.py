"""What a plan means: its facts, told to people."""
