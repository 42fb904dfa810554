"""Resolve and vet an address, then one POST within limits; every ending becomes a value."""

from tidings.sender.request import OutboundRequest, Vetting
from tidings.sender.resolver import Resolver
from tidings.sender.sender import Sender

__all__ = ["OutboundRequest", "Resolver", "Sender", "Vetting"]
