"""The partner page: what a partner may see and do of its own, and of nobody else's."""
