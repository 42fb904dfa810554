"""HTTP: one way to ask. Owns the wire, the shapes and the spellings; refuses to decide anything, which actions do."""
