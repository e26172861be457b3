"""Routes, one module a noun; each declares who may call it."""
