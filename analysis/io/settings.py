"""The one settings file, `upstand.toml`, with environment variables over it.

`UPSTAND_DASHBOARD__PORT=8600` overrides `port` in `[dashboard]`. Unknown keys are refused by name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from analysis.errors import PostureError
from analysis.io.break_settings import BreakSettings


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(Section):
    url: str = ""  # SQLAlchemy URL; empty: SQLite in data_dir
    raw_days: int = Field(
        default=30, ge=1
    )  # raw blocks and frames are kept this long; minutes, events and prompts for good


class MqttSettings(Section):
    host: str = ""  # empty: Upstand starts its own broker on loopback
    port: int = Field(default=18883, ge=1, le=65535)
    username: str = ""
    password: SecretStr = SecretStr("")
    tls: bool = False


class SensorSettings(Section):
    """Which device is worn where. Empty: the name on the air decides, else the first two found."""

    pelvis: str = ""  # address, or a part of the advertised name
    lumbar: str = ""
    rate_hz: int = Field(default=52, ge=10, le=400)
    described: tuple[Path, ...] = ()  # TOML files that describe other sensor families (docs/sensors.md)
    find_s: float = Field(default=5.0, gt=0)  # how long to look before the simulated wearer steps in


class BodySettings(Section):
    """The wearer's own size; without it no step length is told."""

    height_m: float | None = Field(default=None, ge=1.0, le=2.5)


class DashboardSettings(Section):
    address: str = "127.0.0.1"
    port: int = Field(default=8501, ge=1, le=65535)


class NotifySettings(Section):
    """How prompts reach the wearer outside the dashboard (docs/breaks.md)."""

    desktop: bool = True
    buzz: bool = True  # of the sensors themselves
    phone: tuple[SecretStr, ...] = ()  # where to, as Apprise writes it: "ntfy://topic"
    hook: tuple[str, ...] = ()  # a program and its arguments, run at every change with the prompt in its environment
    levels: dict[str, Annotated[int, Field(ge=1, le=3)]] = {}  # by notifier: how insistent before it is used
    simulated: bool = False  # reach the real person for simulated and replayed wearers, too


class DeskSettings(Section):
    """What the computer may be asked about its user (docs/breaks.md)."""

    watch: bool = True  # keys and mouse (how long ago, never which), do not disturb, camera, microphone, …
    alone: bool | None = None  # count breaks without a sensor, too; None: unless the wearer is simulated or replayed
    calendars: tuple[Path, ...] = ()  # .ics files; needs the extra `calendar`
    apps: tuple[str, ...] = ()  # names of programs while which no prompt comes


class Settings(BaseSettings):
    """All of Upstand's settings; built once in the command line and passed down."""

    model_config = SettingsConfigDict(env_prefix="UPSTAND_", env_nested_delimiter="__", extra="forbid", frozen=True)

    wearer: str = Field(default="me", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    data_dir: Path = Field(default_factory=lambda: user_data_path("upstand", appauthor=False))
    store: StoreSettings = StoreSettings()
    mqtt: MqttSettings = MqttSettings()
    sensors: SensorSettings = SensorSettings()
    breaks: BreakSettings = BreakSettings()
    body: BodySettings = BodySettings()
    dashboard: DashboardSettings = DashboardSettings()
    notify: NotifySettings = NotifySettings()
    desk: DeskSettings = DeskSettings()
    bands: dict[str, tuple[float, float]] = {}  # [low, high] by metric, over exposure.BANDS; inf is no edge

    @property
    def store_url(self) -> str:
        return self.store.url or f"sqlite:///{(self.data_dir / 'upstand.sqlite').as_posix()}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes all by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def file_of(path: Path | None = None) -> Path:
    """`path`, else `$UPSTAND_CONFIG`, else `./upstand.toml`, which need not exist.

    Raises PostureError for one that was named and is not there.
    """
    given = path or (Path(os.environ["UPSTAND_CONFIG"]) if os.environ.get("UPSTAND_CONFIG") else None)
    if given is not None and not given.is_file():
        raise PostureError(f"There is no settings file {given}; write it or leave the option out.")
    return given or Path("upstand.toml")


def load(path: Path | None = None) -> Settings:
    """Settings from the file that `file_of` finds, where it exists.

    Raises PostureError with one sentence that names the key at fault.
    """
    file = file_of(path)

    class _Here(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return _Here()
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise PostureError(
            f"The setting {key!r} is wrong ({first['msg']}); correct it in {file} or the environment."
        ) from error
    except ValueError as error:  # broken TOML
        raise PostureError(f"{file} is not valid TOML ({error}); correct that line.") from error
