"""The pages, one module each; every page asks the same reads as the interface for programs."""
