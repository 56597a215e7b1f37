"""bleak's scanner over a Bumble central."""

from __future__ import annotations

from typing import Any, Literal

from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.exc import BleakError
from bumble.core import AdvertisingData
from bumble.device import Advertisement

from hardware.twin.radio.central import Central, uuid_text

_UUID_LISTS = (
    AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)


class AirScanner(BaseBleakScanner):
    """See bleak.BleakScanner."""

    central: Central

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: Literal["active", "passive"],
        **_other_platforms: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._is_active = scanning_mode == "active"
        self._is_running = False

    async def start(self) -> None:
        if self._is_running:
            raise BleakError("The scanner is already running")
        self._is_running = True
        self.seen_devices = {}
        device = self.central.device
        device.on(device.EVENT_ADVERTISEMENT, self._on_advertisement)
        async with self.central.scan_changing:
            self.central.scanners += 1
            if not device.is_scanning:
                await device.start_scanning(active=self._is_active, filter_duplicates=False)

    async def stop(self) -> None:
        if not self._is_running:
            return
        self._is_running = False
        device = self.central.device
        device.remove_listener(device.EVENT_ADVERTISEMENT, self._on_advertisement)
        async with self.central.scan_changing:
            self.central.scanners -= 1
            if self.central.scanners == 0 and device.is_scanning:
                await device.stop_scanning()

    def _on_advertisement(self, advertisement: Advertisement) -> None:
        data = advertisement.data
        uuids = _service_uuids(data)
        if not self.is_allowed_uuid(uuids):
            return
        name = data.get(AdvertisingData.COMPLETE_LOCAL_NAME) or data.get(AdvertisingData.SHORTENED_LOCAL_NAME)
        told = AdvertisementData(
            local_name=name,
            manufacturer_data=dict(data.get_all(AdvertisingData.MANUFACTURER_SPECIFIC_DATA)),
            service_data={
                uuid_text(uuid): value
                for kind in (AdvertisingData.SERVICE_DATA_16_BIT_UUID, AdvertisingData.SERVICE_DATA_128_BIT_UUID)
                for uuid, value in data.get_all(kind)
            },
            service_uuids=uuids,
            tx_power=data.get(AdvertisingData.TX_POWER_LEVEL),
            rssi=advertisement.rssi,
            platform_data=(advertisement,),
        )
        address = advertisement.address.to_string(False)
        device = self.create_or_update_device(address, address, name, advertisement.address, told)
        self.call_detection_callbacks(device, told)


def _service_uuids(data: AdvertisingData) -> list[str]:
    lists = (data.get(kind) for kind in _UUID_LISTS)
    return [uuid_text(uuid) for uuids in lists if isinstance(uuids, list) for uuid in uuids]
