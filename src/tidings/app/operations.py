"""The operations' webhook of a service, and the watch that tells it."""

from tidings.actions.context import Context
from tidings.actions.operations import Receiver, follow_settings
from tidings.engine.health import Health
from tidings.engine.watching import Watch
from tidings.settings import Settings


async def prepare_watch(settings: Settings, ctx: Context, health: Health | None) -> Watch | None:
    """Bring the webhook in step with the settings; return the watch if there is somebody to tell.

    Raises Misconfigured for a URL that cannot be called.
    """
    await follow_settings(ctx, _receiver(settings))
    operations = ctx.limits.operations
    return None if operations is None or health is None else Watch(ctx, operations, health)


def _receiver(settings: Settings) -> Receiver | None:
    if settings.operations_url is None or settings.operations_secret is None:
        return None
    return Receiver(settings.operations_url, settings.operations_secret)
