"""The partner API: the contract of docs/contract.md sections 1 to 5, and nothing beside it."""
