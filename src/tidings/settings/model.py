"""The settings as one frozen value.

Owns every name, type, limit, default and help text. ``docs/settings.md`` repeats them, and a test compares the two.
Refuses to look anything up: made directly, it knows only what it is given.
"""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tidings.core.addresses import AllowPair
from tidings.core.rate import Rate
from tidings.core.secret import Secret
from tidings.settings import spellings
from tidings.settings.spellings import ListenAddress, spelt

PREFIX = "TIDINGS_"

_SQLITE = "sqlite:///"

_DAY = 86_400.0
_YEAR = 365 * _DAY
_LEAD = 0.5
"""Between the lease and the attempt lies a commit: what may not begin in time is given up unsent, again and again."""
Seconds: TypeAlias = Annotated[float, Field(ge=0.001, le=_YEAR, allow_inf_nan=False)]
Kept: TypeAlias = Annotated[float, Field(ge=0.001, le=100 * _YEAR, allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(ge=1, le=100_000)]


class Settings(BaseSettings):
    """One installation's settings. Times are seconds, fractions allowed."""

    model_config = SettingsConfigDict(
        arbitrary_types_allowed=True,
        enable_decoding=False,
        env_ignore_empty=True,
        env_prefix=PREFIX,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: Annotated[str, BeforeValidator(spellings.database_url)] = Field(
        default="sqlite:///tidings.db",
        description="Where everything is kept: `sqlite:///FILE`, or `postgresql://…` in libpq's form.",
        repr=False,
    )
    master_key: Annotated[tuple[Secret, ...], BeforeValidator(spellings.master_keys)] = Field(
        default=(),
        description="Seals secrets at rest: base64 of 32 bytes, or a comma list of such keys, the newest first. "
        "Unset with SQLite: a file beside the database, one key a line, made once and readable by its owner only.",
    )
    retry_window: Seconds = Field(default=300.0, description="How long after the first attempt another one may start.")
    retry_base: Seconds = Field(
        default=1.0, description="The wait after the first failed attempt; it doubles each time."
    )
    retry_cap: Seconds = Field(default=60.0, description="The longest wait between two attempts.")
    retry_jitter: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = Field(
        default=0.2, description="Each wait is longer or shorter by up to this part of itself."
    )
    attempt_timeout: Seconds = Field(
        default=30.0, description="Time for one attempt: name, connection, TLS, request and answer together."
    )
    lease: Seconds = Field(
        default=60.0,
        description="How long one process alone may work on a delivery; must be longer than the attempt timeout, "
        "by half a second at least.",
    )
    concurrency: Count = Field(
        default=256,
        description="Attempts in flight at most, in each process. What is sent apart, since it was cut off with its "
        "process more than once, comes on top: one more each second, as long as receivers are silent.",
    )
    lane_concurrency: Count = Field(default=32, description="Attempts in flight at most, for each webhook.")
    retention_events: Kept = Field(
        default=90 * _DAY,
        description="How long events are kept, and their idempotency keys with them; not shorter than deliveries.",
    )
    retention_deliveries: Kept = Field(
        default=90 * _DAY,
        description="How long ended deliveries are kept, from when they were made; not shorter than attempts.",
    )
    retention_attempts: Kept = Field(
        default=90 * _DAY, description="How long the attempts of ended deliveries, and test calls, are kept."
    )
    retention_audit: Kept = Field(
        default=400 * _DAY, description="How long the audit trail is kept. Whoever must keep it longer copies it out."
    )
    webhooks_per_partner: Count = Field(default=1, description="How many webhooks a partner may register.")
    egress_allow: Annotated[tuple[AllowPair, ...], BeforeValidator(spellings.allow_pairs)] = Field(
        default=(),
        description="Comma list of `CIDR:port`: the only way to reach a forbidden address or another port, "
        "and to register an IP literal. It admits every address of its network on that port.",
    )
    egress_ca_file: Annotated[Path | None, BeforeValidator(spellings.certificates_file)] = Field(
        default=None,
        description="A PEM file of further trusted roots for receivers. A receiver's self-signed certificate is one "
        "when it says `CA:FALSE` (`openssl req -x509` writes `CA:TRUE` unless told) and names its host as "
        "`subjectAltName`.",
    )
    egress_clients: Count = Field(
        default=1024,
        description="Receiver hosts whose connections are kept warm: one in eight for hosts that have not answered "
        "twice. Each costs some 120 KiB of memory.",
    )
    egress_ports: Annotated[frozenset[int], BeforeValidator(spellings.ports)] = Field(
        default=frozenset({443, 8443}), description="Comma list of the ports a callback URL may name."
    )
    dns_servers: Annotated[tuple[str, ...], BeforeValidator(spellings.name_servers)] = Field(
        default=(), description="Comma list of name servers, `address` or `address:port`. Unset: the system's."
    )
    rate_limit: Annotated[Rate, BeforeValidator(spellings.rate)] = Field(
        default=Rate(100, 10), description="Partner API, for each key: `burst/per second`."
    )
    rate_limit_address: Annotated[Rate, BeforeValidator(spellings.rate)] = Field(
        default=Rate(1000, 100),
        description="Partner API, console and partner page together, for each client address, before anybody is known: "
        "`burst/per second`.",
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(spellings.networks)] = Field(
        default=(), description="Comma list of networks whose forwarding headers are believed. Unset: nobody's."
    )
    metrics_address: Annotated[ListenAddress | None, BeforeValidator(spellings.listen_address)] = Field(
        default=None, description="`host:port` of a listener of its own for `/metrics`. Unset: on the main port."
    )
    metrics_per_webhook: Annotated[int, Field(ge=0, le=10_000)] = Field(
        default=0,
        description="For how many webhooks attempts are counted one by one in `/metrics`, the first that are heard of; "
        "the others share one label.",
    )
    event_id_header: Annotated[str | None, BeforeValidator(spellings.header_name)] = Field(
        default=None, description="A header of this name carries the event's id in every delivery. Unset: none does."
    )
    console_session_idle: Seconds = Field(
        default=3_600.0, description="An operator who did nothing in the console for so long is logged out."
    )
    console_session: Seconds = Field(
        default=43_200.0, description="An operator is logged out so long after the login, whatever happened since."
    )
    operations_url: Annotated[str | None, BeforeValidator(spellings.maybe_text)] = Field(
        default=None,
        description="Where events about the platform itself are sent, by the rules for callback URLs "
        "([operational events](operations/operational-events.md)). Unset: nowhere.",
    )
    operations_secret: Annotated[Secret | None, BeforeValidator(spellings.signing_secret)] = Field(
        default=None, description="Signs them: base64 of 24 to 64 bytes. Must be set with the URL."
    )
    operations_failing_after: Seconds = Field(
        default=600.0, description="A webhook is told to be failing when every attempt has failed for so long."
    )
    operations_backlog: Annotated[int, Field(ge=1, le=1_000_000_000)] = Field(
        default=100_000, description="More pending deliveries than this are told."
    )
    otlp_endpoint: Annotated[str | None, BeforeValidator(spellings.http_url)] = Field(
        default=None,
        description="Where traces are sent over OTLP/HTTP, like `http://127.0.0.1:4318`; needs `tidings[otlp]`. "
        "Unset: there are none.",
    )
    otlp_sample: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        default=1.0, description="Which part of all events is traced, from 0 to 1."
    )
    portal_link: Seconds = Field(default=300.0, description="How long a link to the partner page can be opened.")
    portal_session: Seconds = Field(default=3_600.0, description="How long a partner may stay on its page.")
    log: Literal["json", "text"] = Field(
        default="json", description="How log lines are written to stderr: `json` or `text`."
    )
    drain_timeout: Seconds = Field(default=35.0, description="How long SIGTERM waits for attempts in flight.")

    @property
    def sqlite_file(self) -> Path | None:
        """The database's file, or None when it is PostgreSQL."""
        return Path(self.database_url.removeprefix(_SQLITE)) if self.database_url.startswith(_SQLITE) else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # Only ``reading.load`` looks at the environment, so that a Settings made for a demo or a test is never
        # pointed at the operator's real database by a variable of his shell.
        return (init_settings,)

    @model_validator(mode="after")
    def _lease_outlasts_the_attempt(self) -> Self:
        if self.lease < self.attempt_timeout + _LEAD:
            raise ValueError(
                f"{PREFIX}LEASE ({spelt(self.lease)}) must be longer by {_LEAD} s at least than "
                f"{PREFIX}ATTEMPT_TIMEOUT ({spelt(self.attempt_timeout)})"
            )
        return self

    @model_validator(mode="after")
    def _operations_are_signed(self) -> Self:
        if (self.operations_url is None) != (self.operations_secret is None):
            raise ValueError(f"{PREFIX}OPERATIONS_URL and {PREFIX}OPERATIONS_SECRET must be set together")
        return self

    @model_validator(mode="after")
    def _nothing_is_outlived_by_what_refers_to_it(self) -> Self:
        for name, longer, shorter, other in (
            ("EVENTS", self.retention_events, self.retention_deliveries, "DELIVERIES"),
            ("DELIVERIES", self.retention_deliveries, self.retention_attempts, "ATTEMPTS"),
        ):
            if longer < shorter:
                raise ValueError(
                    f"{PREFIX}RETENTION_{name} ({spelt(longer)}) must not be below "
                    f"{PREFIX}RETENTION_{other} ({spelt(shorter)})"
                )
        return self

    @model_validator(mode="after")
    def _waits_grow_up_to_the_cap(self) -> Self:
        if self.retry_cap < self.retry_base:
            raise ValueError(
                f"{PREFIX}RETRY_CAP ({spelt(self.retry_cap)}) must not be below "
                f"{PREFIX}RETRY_BASE ({spelt(self.retry_base)})"
            )
        return self
