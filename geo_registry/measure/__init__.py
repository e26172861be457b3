"""Field checks, samples and rates."""
