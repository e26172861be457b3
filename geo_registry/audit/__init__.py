"""The audit: its chains and anchors, reading it, and the reviews of looks at persons."""
