"""The part that acts: claims what is due, makes attempts, records results, rescues lost leases."""
