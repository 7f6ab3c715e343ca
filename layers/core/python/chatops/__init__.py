"""Cloud ChatOps: what every function shares."""
