"""The `nina` integration of Home Assistant, from its wheel: coordinator, binary sensors and sensors as they are.

Home Assistant itself needs a newer Python than ours and is not installed. What these modules take of it is stood in for
here: base classes that keep what they are given, and constants. Two things of newer Pythons are put into older words
when a module is read: a `type` statement, and `typing.override`.
"""

import __future__

import re
import sys
import typing
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType

PACKAGE = "homeassistant.components.nina"
MODULES = ("const", "coordinator", "entity", "binary_sensor", "sensor")
REGIONS, SLOTS = "regions", 5
TYPE_STATEMENT = re.compile(r"^type (\w+) = .*$", re.MULTILINE)


class Base:
    """Whatever is only inherited from, or named in annotations."""

    def __init__(self, *_arguments, **_named):
        pass

    def __class_getitem__(cls, _of):
        return cls


class CoordinatorEntity(Base):
    available = True

    def __init__(self, coordinator):
        self.coordinator = coordinator


@dataclass(frozen=True, kw_only=True)
class SensorEntityDescription:
    key: str
    translation_key: str
    options: list | None = None
    device_class: str | None = None
    entity_registry_enabled_default: bool = True


class Constant(StrEnum):
    SAFETY = "safety"
    ENUM = "enum"
    TIMESTAMP = "timestamp"
    DIAGNOSTIC = "diagnostic"
    SERVICE = "service"


class UpdateFailed(Exception):
    pass


OF_HOME_ASSISTANT = {
    "components.binary_sensor": {"BinarySensorDeviceClass": Constant, "BinarySensorEntity": Base},
    "components.sensor": {
        "SensorDeviceClass": Constant,
        "SensorEntity": type("SensorEntity", (), {}),
        "SensorEntityDescription": SensorEntityDescription,
    },
    "config_entries": {"ConfigEntry": Base},
    "const": {"ATTR_ID": "id", "EntityCategory": Constant},
    "core": {"HomeAssistant": Base},
    "helpers.aiohttp_client": {"async_get_clientsession": lambda hass: hass.session},
    "helpers.device_registry": {"DeviceEntryType": Constant, "DeviceInfo": dict},
    "helpers.entity_platform": {"AddConfigEntryEntitiesCallback": Base},
    "helpers.update_coordinator": {
        "CoordinatorEntity": CoordinatorEntity,
        "DataUpdateCoordinator": Base,
        "UpdateFailed": UpdateFailed,
    },
}


def load(wheel):
    """Return the integration's modules by name, out of the wheel of Home Assistant."""
    for name in ("homeassistant", "homeassistant.components", "homeassistant.helpers", PACKAGE):
        sys.modules[name] = ModuleType(name)
    for name, members in OF_HOME_ASSISTANT.items():
        module = sys.modules[f"homeassistant.{name}"] = ModuleType(name)
        module.__dict__.update(members)
    if not hasattr(typing, "override"):
        typing.override = lambda method: method
    with zipfile.ZipFile(wheel) as archive:
        for name in MODULES:
            file = f"{PACKAGE.replace('.', '/')}/{name}.py"
            source = archive.read(file).decode()
            if sys.version_info < (3, 12):
                source = TYPE_STATEMENT.sub(r"\1 = object", source)
            module = sys.modules[f"{PACKAGE}.{name}"] = ModuleType(f"{PACKAGE}.{name}")
            module.__package__ = PACKAGE
            code = compile(source, file, "exec", __future__.annotations.compiler_flag, dont_inherit=True)
            exec(code, module.__dict__)
    return {name: sys.modules[f"{PACKAGE}.{name}"] for name in MODULES}


class Household:
    """One installation that follows a region: what its sensors show."""

    def __init__(self, wheel, session, region):
        self._modules = load(wheel)
        const = self._modules["const"]
        self.session = session
        self.data = {
            const.CONF_REGIONS: {region: "Kreis"},
            const.CONF_MESSAGE_SLOTS: SLOTS,
            const.CONF_FILTERS: {
                const.CONF_HEADLINE_FILTER: const.NO_MATCH_REGEX,
                const.CONF_AREA_FILTER: const.ALL_MATCH_REGEX,
            },
        }
        self._region = region
        self._coordinator = self._modules["coordinator"].NINADataUpdateCoordinator(self, self)

    async def look(self):
        """Update once; return of each slot that is on what its sensors say."""
        self._coordinator.data = await self._coordinator._async_update_data()
        return [shown for slot in range(1, SLOTS + 1) if (shown := self._slot(slot))]

    def _slot(self, slot):
        of = (self._coordinator, self._region, "Kreis", slot)
        binary = self._modules["binary_sensor"].NINAMessage(*of)
        if not binary.is_on:
            return None
        sensors = self._modules["sensor"].create_sensors_for_warning(*of)
        values = {one.entity_description.key: one.native_value for one in sensors if one.available}
        for one in sensors:
            options = one.entity_description.options
            assert options is None or one.native_value in (None, *options), one.native_value
        return {
            "id": binary.extra_state_attributes["id"],
            **{
                name: value.isoformat() if hasattr(value, "tzinfo") else value
                for name, value in values.items()
            },
            "zoned": all(value.tzinfo is not None for value in values.values() if hasattr(value, "tzinfo")),
        }
