"""Focus areas and rectification zones."""
