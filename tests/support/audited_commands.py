"""Every command that changes something, and what the audit trail must say of it."""

CHANGES = (
    ("partner create acme --allow-host hooks.acme.com", ["partner.create", "key.create"]),
    ("partner update acme --name Acme", ["partner.rename"]),
    ("partner allow-host acme eu.acme.com", ["partner.allow_host"]),
    ("partner disallow-host acme eu.acme.com", ["partner.disallow_host"]),
    ("key create acme", ["key.create"]),
    ("key revoke {key}", ["key.revoke"]),
    ("token create billing", ["token.create"]),
    ("token revoke billing", ["token.revoke"]),
    ("operator create ada --generate", ["operator.create"]),
    ("operator set-password ada --generate", ["operator.set_password"]),
    ("operator disable ada", ["operator.disable"]),
    ("operator enable ada", ["operator.enable"]),
    ("webhook disable {webhook}", ["webhook.update"]),
    ("webhook enable {webhook}", ["webhook.update"]),
    ("webhook rotate-secret {webhook}", ["webhook.rotate_secret"]),
    ("delivery redeliver {delivery}", ["delivery.redeliver"]),
    ("delivery redeliver --partner acme --detach", ["redelivery.start"]),
    ("redelivery cancel {redelivery}", ["redelivery.cancel"]),
    ("keyring rotate", ["keyring.rotate"]),
    ("partner portal-link acme", ["partner.portal_link"]),
    ("partner disable acme", ["partner.disable"]),
    ("partner enable acme", ["partner.enable"]),
)
"""Each as it is typed, and what must be told of it. Whoever adds a command that changes something adds it here."""
