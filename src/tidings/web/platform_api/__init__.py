"""The platform API: publish, browse and steer, for the platform's own services and operators."""
