"""The sensor's settings file: `name = value`, a line each, in the manner of TOML."""

from hardware.firmware import wire

FILE = "upstand.toml"

DEFAULT_TEXT = """\
# The Upstand sensor. Save, and press reset.
name = "P"         # P for the pelvis, L for the lumbar spine; letters may follow: "P-anna"
rate_hz = 52       # 26, 52 or 104
acc_g = 4          # 2, 4, 8 or 16
gyro_dps = 500     # 125, 250, 500, 1000 or 2000
secured = true     # false: whoever is near may read it and command it
"""


class SettingsError(ValueError):
    """A line that cannot be; the sentence names it."""


class Settings:
    """What the file says, or its defaults."""

    def __init__(self) -> None:
        self.name = "P"
        self.rate_hz = 52
        self.acc_code = 1
        self.gyro_code = 2
        self.secured = True


def parse(text: str) -> Settings:
    """Raises SettingsError with the line's number and what would be right."""
    settings = Settings()
    for number, line in enumerate(text.split("\n")):
        bare = _without_comment(line).strip()
        if bare:
            name, equals, value = bare.partition("=")
            try:
                if not equals:
                    raise SettingsError("it has no =")
                _set(settings, name.strip(), value.strip())
            except ValueError as error:
                raise SettingsError(f"{FILE}, line {number + 1}: {error}") from error
    return settings


def _set(settings: Settings, name: str, value: str) -> None:
    if name == "name":
        if len(value) < 3 or value[0] != '"' or value[-1] != '"' or len(value) > 14:
            raise SettingsError('the name stands between " and has at most 12 letters')
        settings.name = value[1:-1]
    elif name == "rate_hz":
        settings.rate_hz = wire.RATES_HZ[_index(value, wire.RATES_HZ, "Hz")]
    elif name == "acc_g":
        settings.acc_code = _index(value, wire.ACC_RANGES_G, "g")
    elif name == "gyro_dps":
        settings.gyro_code = _index(value, wire.GYRO_RANGES_DPS, "°/s")
    elif name == "secured":
        if value not in ("true", "false"):
            raise SettingsError("secured is true or false")
        settings.secured = value == "true"
    else:
        raise SettingsError(f"there is no setting {name}")


def _index(value: str, choices: tuple[int, ...], unit: str) -> int:
    for at, choice in enumerate(choices):
        if value == str(choice):
            return at
    raise SettingsError(f"{value} is none of {', '.join(str(choice) for choice in choices)} {unit}")


def _without_comment(line: str) -> str:
    is_quoted = False
    for at, letter in enumerate(line):
        if letter == '"':
            is_quoted = not is_quoted
        elif letter == "#" and not is_quoted:
            return line[:at]
    return line
