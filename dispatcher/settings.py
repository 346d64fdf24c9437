"""Settings from the environment: `WARN_…`, plus the customary `DATABASE_URL` and `REDIS_URL`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers import SUPPORTED_REGIONS
from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    TypeAdapter,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from channels.apns.settings import ApnsSettings
from channels.fcm.settings import FcmSettings
from channels.mail.settings import MailSettings
from channels.sms.settings import MEMBERS, SmsSettings
from channels.webpush.settings import WebPushSettings
from dispatcher.model.desk_time import DEFAULT_ZONE
from dispatcher.model.retry_policy import DEFAULT_POLICY, DeliveryPolicy
from dispatcher.setting_names import NESTED, PREFIX, unknown_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CUSTOMARY: Final[Mapping[str, str]] = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL"}
"""Settings with names that other programs use too."""

PEPPER_MIN_CHARACTERS: Final = 16
"""The shortest pepper: as many random characters of Base64 are 96 bits."""


LEDGERS_KEPT_LEAST: Final = 30
"""Days: an end goes to whoever was reached, and gateways report for a week."""
TILE_GAPS: Final = ("{z}", "{x}", "{y}")
"""What the address of a map's tiles has in the place of zoom, column and row."""
BY_FILE: Final = (
    "DATABASE_URL",
    "REDIS_URL",
    "WARN_ADDRESS_KEYS",
    "WARN_AUDIT_ANCHOR_URL",
    "WARN_DATABASE_OWNER_URL",
    "WARN_KEY_PEPPER",
    "WARN_OIDC_EXERCISE_CLIENT_SECRET",
    "WARN_OIDC_LIVE_CLIENT_SECRET",
    "WARN_SMPP_GATEWAYS",
    "WARN_SMS_GATEWAYS",
    "WARN_SMTP_PASSWORD",
    "WARN_VAPID_PEM",
    "WARN_VAPID_PREVIOUS_PEM",
)
"""Settings that hold secrets: each may stand in a file, as Docker and systemd hand them out, named by `<name>_FILE`."""

THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""The hosts at which HTTP leaves no machine, so that it will do for trying."""


class SettingsError(Exception):
    """The settings do not make a service; the message says what to change."""

    exit_status: ClassVar[int] = 1
    """The exit status of the command that it ends."""


def file_content(setting: str, path: Path) -> bytes:
    """Return the content of a file that a setting names. Raises SettingsError where there is none, or where others than
    its owner may write it; that others may read it is Docker's way.
    """
    try:
        require_unwritable(setting, path)
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{setting}: {error}") from error


def require_unwritable(what: str, path: Path) -> None:
    """Raise SettingsError where others than its owner may write a file or directory. Raises OSError."""
    if path.stat().st_mode & 0o022:
        raise SettingsError(f"{what}: others than its owner may write {path}: chmod go-w {path}")


def _from_files(given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings whose values stand in files, by name."""
    found = {}
    for name in BY_FILE:
        setting = f"{name}_FILE"
        if not given.get(setting):
            continue
        if name in given:
            raise SettingsError(f"{name} and {setting} are both set: leave one of them out")
        try:
            found[name] = file_content(setting, Path(given[setting])).decode().strip("\r\n")
        except UnicodeDecodeError as error:
            raise SettingsError(f"{setting}: the file is no text in UTF-8") from error
    return found


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _kept_long_enough(days: int) -> int:
    """Return how long ledgers are kept. Raises `ValueError` for less than people still hear of what ended."""
    if 0 < days < LEDGERS_KEPT_LEAST:
        raise ValueError(f"ledgers are kept for {LEDGERS_KEPT_LEAST} days at least, or for good (0)")
    return days


def _known_region(name: str) -> str:
    """Return a country (ISO 3166) that has a numbering plan of its own. Raises `ValueError`."""
    region = name.upper()
    if region not in SUPPORTED_REGIONS:
        raise ValueError("a country of ISO 3166, such as DE")
    return region


Region = Annotated[str, AfterValidator(_known_region)]
Regions = Annotated[tuple[Region, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]


def _known_zone(name: str) -> str:
    name = name.strip() or DEFAULT_ZONE
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder, such as "Europe"
        raise ValueError("not a time zone such as Europe/Berlin") from error
    return name


def _long_enough(pepper: SecretStr) -> SecretStr:
    length = len(pepper.get_secret_value().strip())
    if length < PEPPER_MIN_CHARACTERS:
        raise ValueError(
            f"{length} characters are no pepper, it has at least {PEPPER_MIN_CHARACTERS}; unset, one is made in the "
            "data directory"
        )
    return pepper


def _public_page(url: str) -> str:
    """Return the URL of a page to which notices may lead. Raises ValueError."""
    parts = urlsplit(url)
    if not url:
        return url
    local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    if not (parts.scheme == "https" or local) or not parts.hostname:
        raise ValueError("not an absolute https URL")
    if parts.username is not None or parts.fragment or "#" in url or not re.fullmatch(r"[!-~]+", url):
        raise ValueError("a URL without user, fragment and blanks, of ASCII letters only, is needed")
    return url


def _tile_template(url: str) -> str:
    """Return the address of a map's tiles as it is meant. Raises ValueError."""
    if not url:
        return url
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in THIS_MACHINE
    # The host becomes part of a policy for browsers.
    if not (parts.scheme == "https" or local) or not re.fullmatch(r"[a-z0-9.-]+(:[0-9]{1,5})?", parts.netloc):
        raise ValueError("not https://HOST/…, with a host in small letters, which is no address in brackets")
    if parts.port == 0:  # it raises by itself for what is beyond 65535
        raise ValueError("what stands behind the host is no port")
    if parts.fragment or not re.fullmatch(r"[!-~]+", url):
        raise ValueError("a URL without fragment and blanks, of ASCII letters only, is needed")
    if sorted(re.findall(r"\{[^}]*\}", url.partition(parts.netloc)[2])) != sorted(TILE_GAPS):
        raise ValueError("{z}, {x} and {y} are needed once each, and nothing else in braces")
    return url


def _console_origin(url: str) -> str:
    """Return the origin of the console, as browsers write it. Raises ValueError."""
    if not url:
        return url
    parts = urlsplit(url.rstrip("/"))
    local = parts.scheme == "http" and parts.hostname in THIS_MACHINE
    if not (parts.scheme == "https" or local) or not parts.hostname:
        raise ValueError(
            "not https://HOST; http:// will do for localhost and 127.0.0.1 only, to try it there"
        )
    if url.rstrip("/").lower() != f"{parts.scheme}://{parts.netloc}".lower() or "@" in parts.netloc:
        raise ValueError("no path, user, query or fragment belongs to an origin")
    if not re.fullmatch(r"(\[::1\]|[a-z0-9.-]+)(:[0-9]+)?", parts.netloc.lower()):
        raise ValueError("a host of ASCII letters is needed")
    return f"{parts.scheme}://{parts.netloc}".lower().removesuffix(
        ":443" if parts.scheme == "https" else ":80"
    )


def _issuer(url: str) -> str:
    """Return the issuer of an OpenID provider, which is compared letter by letter. Raises ValueError."""
    if not url:
        return url
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in THIS_MACHINE
    if not (parts.scheme == "https" or local) or not parts.hostname:
        raise ValueError("not an absolute https URL; only of this machine http:// will do")
    if "@" in parts.netloc or "?" in url or "#" in url or not re.fullmatch(r"[!-~]+", url):
        raise ValueError("a URL without user, query, fragment and blanks, of ASCII letters only, is needed")
    return url


def _factors(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return what shows a second factor. Raises ValueError."""
    if wanted == ("none",):
        return ()
    if not wanted or not all(re.fullmatch(r"(acr|amr):[!-~]+", one) for one in wanted):
        raise ValueError("acr:VALUE and amr:VALUE, such as amr:mfa, or `none` alone, are expected")
    return wanted


Issuer = Annotated[str, Field(max_length=255), AfterValidator(_issuer)]
ClientId = Annotated[str, Field(max_length=255, pattern=r"^[ -~]*$")]
Factors = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_factors)]


class Settings(SmsSettings, WebPushSettings, FcmSettings, ApnsSettings, MailSettings, BaseSettings):
    """Everything that can be set, with its default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=NESTED,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,  # a setting may be a secret
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment alone, in which every name that begins like a setting's must be one."""
        del settings_cls, dotenv_settings, file_secret_settings
        cls.require_known_names()
        if isinstance(env_settings, EnvSettingsSource):
            files = {name.lower(): value for name, value in _from_files(os.environ).items()}
            env_settings.env_vars = {**env_settings.env_vars, **files}
        return init_settings, env_settings

    @classmethod
    def require_known_names(cls) -> None:
        """Raise SettingsError for names in the environment that begin like a setting's and are none."""
        known = {
            PREFIX + name.upper(): field.annotation
            for name, field in cls.model_fields.items()
            if name not in CUSTOMARY
        }
        known |= {f"{name}_FILE": None for name in BY_FILE if name.startswith(PREFIX)}
        nested = {name for name, kind in known.items() if is_dataclass(kind)}
        if wrong := unknown_names(os.environ, known, nested):
            raise SettingsError("; ".join(wrong))

    data_dir: Path = Path("var")
    """Embedded servers' data, keys, state."""
    database_url: str | None = Field(None, validation_alias=AliasChoices("database_url", "DATABASE_URL"))
    """PostgreSQL 15 or newer, as libpq takes it; of several servers (`host:5432,host:5432`) the one is looked for that
    takes writes ([when it fails](failover.en.md)). Under `dispatcher up` the default is an embedded one."""
    database_owner_url: str | None = None
    """The same database by the role that owns its tables, for `dispatcher migrate`, `dispatcher secrets drop` and the
    start of `dispatcher up`: `DATABASE_URL` is then of a role that can change nothing on the
    [audit trail](audit.md#protection), and is made. Processes that serve are not to have it. The embedded PostgreSQL
    has such roles by itself."""
    redis_url: str | None = Field(None, validation_alias=AliasChoices("redis_url", "REDIS_URL"))
    """Redis 7, Valkey or newer: `redis://`, `rediss://`, `unix://`, or by Sentinels
    `redis+sentinel://[user:password@]host:26379,host:26379/mymaster[/db]`, with `rediss+sentinel` over TLS; options
    `sentinel_username` and `sentinel_password`. Under `dispatcher up` the default is an embedded Valkey."""
    boundaries: Path | None = None
    """A boundary bundle; default: the one of Kreis Düren and 25 km around that comes with the program."""

    registries: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_split)] = ()
    """Comma-separated tables of codes (CSV): DWD's list of warning cells, or what `dispatcher geodata codes` makes."""

    feeds: Path | None = None
    """A TOML file of the feeds to take in, see `ops/docs/feeds.md`; default: none."""
    public_bodies: Path | None = None
    """A TOML file of who stands behind each app, for its imprint, privacy page and accessibility statement, see
    `ops/docs/citizens-page.md`; default: these pages say that nothing was entered."""
    sms_on_pages: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    """Comma-separated apps (ids of instances) on whose page people may subscribe by SMS too, where there is an SMS
    gateway; `*`: all apps. Each code and each warning costs an SMS, see `ops/docs/citizens-page.md`."""
    contact: str = Field("", pattern=r"^[^\x00-\x1f\x7f]*$")
    """How a source that we poll too often reaches the operator: an address or a page, for the User-Agent."""

    public_url: Annotated[str, Field(max_length=120), AfterValidator(_public_page)] = ""
    """The page to which a tap on a notice leads, the same for all apps: an absolute https URL such as
    `https://warnung.dueren.example/`, to which `#` and the alert's id are added. With it a push is Declarative Web
    Push, which Safari shows without any code of the app; unset, a push is shown by the app's service worker alone."""
    console_url: Annotated[str, Field(max_length=120), AfterValidator(_console_origin)] = ""
    """The origin at which persons reach the console, such as `https://warnung.dueren.example`; unset: nobody signs in.
    Passkeys are bound to its host: another one means that all are registered anew. Only of `localhost`, `127.0.0.1` and
    `[::1]` it may begin with `http://`, for trying on this machine: each start says so in the log, and only `localhost`
    can have passkeys."""
    base_map_tiles: Annotated[str, Field(max_length=500), AfterValidator(_tile_template)] = ""
    """The address of the raster tiles on which the maps of the desk lie, with `{z}`, `{x}` and `{y}` for zoom, column
    and row (XYZ, or WMTS in the grid of EPSG:3857), such as `https://karten.kreis.example/grau/{z}/{x}/{y}.png`; unset:
    maps are drawn from our own boundaries alone. Browsers ask for the tiles, so that whoever serves them learns which
    place somebody looks at, before anybody is warned: better one's own server."""
    base_map_attribution: str = Field("", max_length=200)
    """Whose map that is, in the words that its owner wants to be read beside it; needed with it."""
    oidc_name: str = Field("", max_length=40)
    """What people call the OpenID provider at which they sign in ("Kreis-Konto"), for the button on the page; default:
    its host. See [how persons sign in there](sign-in-provider.md)."""
    oidc_live_issuer: Issuer = ""
    """The issuer of the OpenID provider for the live service, exactly as its discovery document names it, such as
    `https://sso.kreis.example/realms/warnung`; unset: persons sign in there by what they have shown here. In a private
    net, or on another port than 443, `WARN_ALLOWED_ORIGINS` has to exempt its origin as `oidc=`."""
    oidc_live_client_id: ClientId = ""
    """As which client the provider knows the live service. Where it sends browsers back:
    `<WARN_CONSOLE_URL>/console/live/sign-in/oidc`."""
    oidc_live_client_secret: SecretStr | None = None
    """The secret of this client; unset: it is a public one."""
    oidc_live_second_factor: Factors = ("amr:mfa",)
    """Comma-separated, what a token has to say so that a person is let in, one of it: `amr:VALUE` is a method (RFC
    8176), `acr:VALUE` a class that the provider is asked for. By default it has to name two factors. `none`: the
    provider sees to it, and nothing is asked for."""
    oidc_exercise_issuer: Issuer = ""
    """The same for the exercise."""
    oidc_exercise_client_id: ClientId = ""
    """As which client the provider knows the exercise: another one than the live service's."""
    oidc_exercise_client_secret: SecretStr | None = None
    """The secret of this client; unset: it is a public one."""
    oidc_exercise_second_factor: Factors = ("amr:mfa",)
    """As `WARN_OIDC_LIVE_SECOND_FACTOR`, for the exercise."""
    session_idle_minutes: int = Field(30, ge=5, le=720)
    """After how long without a request a person is signed out: an unwatched desk should not send warnings. OWASP names
    15 to 30 minutes for what is of high value; whoever sits at the console asks more often than that."""
    session_hours: int = Field(12, ge=1, le=24)
    """After how long a person is signed out in any case: the longest shift (NIST SP 800-63B, level 2: 12 hours)."""
    duty_held_minutes: float = Field(5.0, ge=0, le=1_440)
    """After how many minutes operators [on duty](on-duty.md) are told of an Extreme that is held and that nobody has
    decided upon. What waits for a second person is told at once."""
    duty_sms_gateway: str = ""
    """The SMS gateway by which people on duty are told; default: the first one."""
    api_host: str = "127.0.0.1"
    """Where the API listens."""
    api_port: int = Field(8080, ge=0, le=65_535)
    """The port of the API; 0 takes a free one."""
    api_connections: int = Field(1000, ge=16, le=50_000)
    """Connections to the API's port at once; fewer where file descriptors do not suffice. For one more, that which has
    waited longest for its client ends."""
    streams: int = Field(10_000, ge=0, le=50_000)
    """Streams of what anybody may read (Server-Sent Events) that one process holds open; never more than three
    quarters of its connections."""
    streams_per_address: int = Field(500, ge=0, le=50_000)
    """How many of them one IPv4 address, or one /64 of IPv6, may have open. A proxy on another machine is one."""
    reading_processes: int = Field(0, ge=0, le=64)
    """Processes under `dispatcher up` that serve what anybody may read and nothing else, so that a crowd takes nothing
    from those who warn: a proxy leads such requests to them. Without any, the API serves them alone."""
    reading_host: str = "127.0.0.1"
    """Where they listen."""
    reading_port: int = Field(8081, ge=0, le=65_535)
    """Their port, which they share; 0 takes a free one for each."""
    reading_connections: int = Field(22_000, ge=16, le=50_000)
    """Connections to one of them at once; fewer where file descriptors do not suffice."""
    citizens_processes: int = Field(0, ge=0, le=64)
    """Processes under `dispatcher up` that serve citizens and nothing else, the page, sign-ups, receipts and what
    anybody may read, so that a crowd that subscribes takes nothing from those who warn: a
    [proxy](citizens-page.md#a-process-of-its-own) leads such requests to them. Without any, the API serves them
    alone."""
    citizens_host: str = "127.0.0.1"
    """Where they listen."""
    citizens_port: int = Field(8082, ge=0, le=65_535)
    """Their port, which they share; 0 takes a free one for each."""
    citizens_connections: int = Field(22_000, ge=16, le=50_000)
    """Connections to one of them at once; fewer where file descriptors do not suffice."""
    metrics_host: str = "127.0.0.1"
    """Where the metrics of a process, API or worker, listen, with probes that say which part is missing."""
    metrics_port: int = Field(0, ge=0, le=65_535)
    """The port of a process' metrics; 0 takes a free one. Either way it can be found in
    `<data_dir>/prometheus/<process_name>.json`. Several processes of one machine cannot share another: `dispatcher up`
    takes 0 only."""
    process_name: str = Field("", pattern=r"^([a-z]+(-[0-9]+)?)?$")
    """`api`, `worker-1`, ... as `dispatcher up` calls what it starts; default: the command's own name."""
    workers: int = Field(2, ge=1, le=64)
    """Worker processes under `dispatcher up`."""

    max_body_bytes: int = Field(2_000_000, ge=1_000, le=2_097_152)
    """A submitted CAP message. DWD's largest reach 0.4 MB."""
    default_lifetime_hours: float = Field(12.0, gt=0, le=720)
    """How long a message without `expires` is in force: CAP 1.2 leaves this to the recipient."""
    longest_lifetime_hours: float = Field(720.0, gt=0, le=87_600)
    """How far `expires` of a submitted warning may lie ahead of the record's clock. Later ones are refused: a year that
    was mistyped would keep a warning in force for ever. An end or an Update comes in time for what lasts longer."""
    future_tolerance_s: int = Field(300, ge=0, le=86_400)
    """How far `sent` may lie ahead of the record's clock."""

    quota_per_hour: int = Field(600, ge=0, le=1_000_000)
    """How many warnings a source may submit in any sixty minutes; 0: any number. An Update, a Cancel or another end
    never counts and is never refused, nor is what was accepted already or what a feed brings. A district types some
    thirty on its worst day; a Land that warns each of its municipalities by a message of its own needs
    `dispatcher source change --quota`."""

    sign_ups_per_address: int = Field(120, ge=0, le=1_000_000)
    """How many may subscribe from one IPv4 address, or one /64 of IPv6, in an hour, of those who have no token yet; 0
    closes sign-ups for them. Behind one address of a mobile network are many phones."""
    sign_ups_per_instance: int = Field(50_000, ge=0, le=100_000_000)
    """How many may subscribe by one municipality's app in an hour, of those who have no token yet; 0 closes it."""
    sms_regions: Regions = ("DE",)
    """Comma-separated countries (ISO 3166) whose mobile numbers may subscribe by themselves; a number without a country
    code is taken for one of the first. What is dear to reach is refused everywhere."""
    sms_codes_per_instance: int = Field(500, ge=0, le=1_000_000)
    """How many SMS with a code one municipality's app may have sent in 24 hours: each costs what an SMS costs. 0 closes
    subscribing by SMS."""
    sms_codes_per_number: int = Field(3, ge=0, le=1000)
    """How many SMS with a code one number is sent in 24 hours, whoever asks for them."""
    sms_codes_per_prefix: int = Field(10, ge=0, le=1_000_000)
    """How many SMS with a code the ten thousand numbers are sent in an hour that differ in their last four digits:
    whoever earns by SMS rents such blocks."""
    sms_codes_per_address: int = Field(20, ge=0, le=1_000_000)
    """How many SMS with a code one IPv4 address, or one /64 of IPv6, may ask for in an hour."""
    ended_kept_days: int = Field(30, ge=0, le=3_650)
    """How many days of endpoints and subscribers that ended by themselves (gone, end date) more than a number is kept.
    Whoever leaves is erased at once."""
    ledgers_kept_days: Annotated[int, AfterValidator(_kept_long_enough)] = Field(0, ge=0, le=36_500)
    """How many days after the end of a situation its ledgers name recipients by number: then `dispatcher retention`
    takes them out. At least 30, as reports come and endings are sent for a while; 0: they are kept for good."""
    instance_quota_per_minute: int = Field(12_000, ge=0, le=1_000_000)
    """How many requests an app's key may make in a minute at one API process, whatever they ask for, then 429; 0: any
    number. `dispatcher instance change --quota` sets another for one. Of reads one app has besides no more than half
    of the places, so that nobody waits behind it."""

    baseline_factor: float = Field(0.0, ge=0, le=1_000_000)
    """A warning with more recipients than this times the median of its source's last dispatches, and more than 1000,
    waits for a person (`dispatcher held`). 0, the default, holds nothing: an operator who sets it must have somebody on
    duty."""
    batch_size: int = Field(1000, ge=1, le=10_000)
    """Recipients per batch at most."""
    slice_size: int = Field(100, ge=1, le=1000)
    """Recipients marked in flight at once within a batch. With the jobs per lane it bounds the sends in flight of one
    process, and so the possible duplicates when that process dies."""
    jobs_per_lane: int = Field(4, ge=1, le=64)
    """Batches that one worker process leases at once in each lane."""
    reconcile_interval_s: float = Field(1.0, gt=0, le=3_600)
    """Seconds between two sweeps of the record."""
    delivery: DeliveryPolicy = DEFAULT_POLICY
    """How deliveries are retried, as a JSON object, or number by number as below."""

    allowed_origins: Annotated[frozenset[str], NoDecode, BeforeValidator(_split)] = frozenset()
    """Comma-separated origins (`http://10.0.0.5:13013`) exempt from the rules for outbound addresses: the operator's
    own servers in a private net, and the lab's. `gateway=`, `feed=`, `callback=`, `push=`, `anchor=`, `oidc=` or
    `traces=` before one says what for: the SMS gateways in these settings, feeds that are polled, callbacks of apps,
    endpoints of Web Push, where checkpoints of the audit trail are posted, OpenID providers, the collector of traces.
    With none of them it is for the first three. Links and redirects in a feed reach the feed's own origins, and nothing
    else exempt."""
    outbound_ca_file: Path | None = None
    """PEM bundle of all authorities for outbound TLS, in place of the machine's; default: the machine's."""
    http2_pool_after: int = Field(128, ge=0)
    """After how many answers over HTTP/2 from one origin a process opens connections of its own to it, which is how
    mass sends go; until then, and wherever these have no room, requests go through libcurl. 0: always."""
    request_timeout_s: float = Field(10.0, gt=0, le=600)
    """Seconds that one request to a gateway may take, all in all."""

    key_pepper: Annotated[SecretStr, AfterValidator(_long_enough)] | None = None
    """Secret under which API keys are hashed, of at least 16 characters, the same on
    [all machines](several-machines.md); default: made once in the data directory, at the service's first start."""
    address_keys: SecretStr | None = None
    """The ring of keys that endpoints in the record are sealed with: the content of `keys/addresses`, in lines or in
    one, the same on [all machines](several-machines.md); default: made once in the data directory, at the service's
    first start. Without it nobody can be warned."""
    audit_anchor_file: Path | None = None
    """A file to which checkpoints of the [audit trail](audit.md#anchors) are appended, each on the disk before it
    counts; best on a medium that the service can only append to. Each machine has its own."""
    audit_anchor_url: str | None = None
    """Where checkpoints of the audit trail are posted as JSON, to somebody who keeps them: an https URL. In a private
    net `WARN_ALLOWED_ORIGINS` has to exempt its origin as `anchor=`."""
    audit_checkpoint_minutes: float = Field(5.0, gt=0, le=1_440)
    """Minutes between two checkpoints of the audit trail at most, where anything is done."""
    audit_checkpoint_entries: int = Field(1000, ge=1, le=1_000_000)
    """Entries between two checkpoints of the audit trail at most."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Berlin"
    """The zone in which people read times."""
    log_json: bool | None = None
    """JSON lines on standard error (`true`) or readable ones (`false`); default: readable at a terminal, else JSON."""
    traces_url: str | None = None
    """Where [traces of alerts](traces.en.md) are posted, by OTLP over HTTP: the whole address, such as
    `http://127.0.0.1:4318/v1/traces`; unset: none are made. In a private net, or on another port than 443,
    `WARN_ALLOWED_ORIGINS` has to exempt its origin as `traces=`."""
    traces_link_senders: bool = False
    """Whether an alert's trace names the one that a control centre's request is part of, by its header `traceparent`
    (W3C Trace Context)."""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that is read."""

    name: str
    default: object
    meaning: str


def variables() -> Iterator[Variable]:
    """Yield every environment variable that is read, in the order of the settings."""
    for name, field in Settings.model_fields.items():
        variable = CUSTOMARY.get(name, PREFIX + name.upper())
        group = is_dataclass(field.annotation)
        yield Variable(variable, None if group else field.default, field.description or "")
        if variable in BY_FILE:
            yield Variable(f"{variable}_FILE", None, f"A file that holds `{variable}`, in place of it.")
        if group:
            yield from _members(variable, field.default)


def _members(variable: str, group: Any) -> Iterator[Variable]:
    described: dict[str, Any] = TypeAdapter(type(group)).json_schema().get("properties", {})
    for field in fields(group):
        name = NESTED.join([variable, field.name.upper()])
        default = getattr(group, field.name)
        if is_dataclass(default):
            yield from _members(name, default)
        else:
            yield Variable(name, default, described[field.name].get("description", ""))


def _misspelt_member(where: Sequence[str | int]) -> str:
    setting, *members = map(str, where)
    container = next((name for name in reversed((setting, *members[:-1])) if name in MEMBERS), "sms_gateways")
    (nearest,) = get_close_matches(members[-1], MEMBERS[container], n=1, cutoff=0.0)
    place = ".".join([PREFIX + setting.upper(), *members])
    return f"setting {place}: there is no member of this name; the nearest is {nearest}"


_EXPECTED: Final = {
    **dict.fromkeys(("tuple_type", "list_type", "set_type", "frozen_set_type"), "a list is expected: [...]"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "an object is expected: {...}"),
}
"""What pydantic says in the words of Python, in those of JSON."""


def explained(item: Mapping[str, Any]) -> str:
    """Return one of pydantic's findings about settings as a sentence that names the variable; what is said of several
    together names them itself. Without the value: it may be a secret.
    """
    where: Sequence[str | int] = item["loc"]
    if item["type"] == "extra_forbidden":
        return _misspelt_member(where)
    nested = is_dataclass(Settings.model_fields[str(where[0])].annotation) if where else False
    variable = PREFIX + (NESTED if nested else ".").join(map(str, where)).upper()
    if item["type"] != "unexpected_keyword_argument":
        message = _EXPECTED.get(item["type"], str(item["msg"]).removeprefix("Value error, "))
        return f"setting {variable}: {message}" if where else message
    names = [one.name for one in variables()]
    groups = {NESTED.join(name.split(NESTED)[:depth]) for name in names for depth in (1, 2)}
    nearest = get_close_matches(variable, [*names, *groups], n=1, cutoff=0.0)
    return f"setting {variable}: there is none of this name; the nearest is {nearest[0]}"
