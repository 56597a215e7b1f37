"""The air on Bumble 0.0.236, with what its LocalLink and Controller leave out and the twin needs.

Added: delay, loss of a connection, connect-cancel that works, scan responses, a peer that does not
hear a connection request, and flow control that tells the sender when a packet has arrived.
Data goes from host to host in batches and without being parsed on the way, because a replay sends
thousands of notifications in a second.
"""

from __future__ import annotations

import asyncio
import struct
from collections import Counter, deque
from collections.abc import Callable

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host
from bumble.link import LocalLink

CONNECTION_INTERVAL_S = 0.0075  # the shortest a real link has

_ACL_HEADER = struct.Struct("<BHH")
_L2CAP_HEADER = struct.Struct("<HH")
_FIRST_FROM_CONTROLLER = 2 << 12  # packet boundary flag; a host marks its first fragments with 0
_ATT_CID = 4
_ATT_NOTIFICATION = 0x1B
_NOTIFICATION_START = _ACL_HEADER.size + _L2CAP_HEADER.size

Arrival = Callable[[], None]


class Air(LocalLink):
    """Carries everything on connections, in order, `delay_s` real seconds each way."""

    def __init__(self, delay_s: float = CONNECTION_INTERVAL_S) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Bumble left it without annotations
        self.delay_s = delay_s
        self._flying: deque[tuple[float, Arrival]] = deque()
        self._landed: Counter[tuple[Radio, int]] = Counter()  # data packets of one landing, by sender and handle

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        if isinstance(packet, ll.ConnectInd):
            asyncio.get_running_loop().call_soon(self._call_peripheral, sender_controller, packet)
        else:
            super().send_advertising_pdu(sender_controller, packet)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        receiver = self.find_le_controller(receiver_address)
        if receiver is None:
            return  # gone; its peer will hear of that on its own
        connection = receiver.le_connections.get(sender_address)

        def arrive() -> None:
            if connection is not None and receiver.le_connections.get(sender_address) is connection:
                receiver.on_ll_control_pdu(sender_address, packet)

        self._fly(arrive)

    def send_data(self, sender: Radio, connection: Connection, first: bool, data: bytes) -> None:
        """One fragment from `sender` to the other end; on arrival the sender's host may send another."""
        receiver = self.find_le_controller(connection.peer_address)
        other = receiver.le_connections.get(connection.self_address) if receiver is not None else None

        def arrive() -> None:
            if sender.has(connection):
                self._landed[sender, connection.handle] += 1
            if isinstance(receiver, Radio) and other is not None and receiver.has(other):
                receiver.hand_to_host(other.handle, first, data)

        self._fly(arrive)

    def lose(self, radio: Radio, reason: int = hci.HCI_CONNECTION_TIMEOUT_ERROR) -> int:
        """End every connection of `radio` on both sides as a supervision timeout would; how many there were."""
        lost = list(radio.le_connections.values())
        for connection in lost:
            peer = self.find_le_controller(connection.peer_address)
            radio.on_le_disconnected(connection, reason)
            if peer is not None and (back := peer.le_connections.get(connection.self_address)) is not None:
                peer.on_le_disconnected(back, reason)
        return len(lost)

    def _call_peripheral(self, central: Controller, packet: ll.ConnectInd) -> None:
        for controller in list(self.controllers):
            if controller is not central:
                controller.on_ll_advertising_pdu(packet)
                answering = controller.le_connections.get(packet.initiator_address)
                if answering is not None and answering.self_address == packet.advertiser_address:
                    return
        unheard = central.le_connections.get(packet.advertiser_address)
        if unheard is not None:  # it stopped advertising while the request was on its way
            central.on_le_disconnected(unheard, hci.HCI_CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR)

    def _fly(self, arrive: Arrival) -> None:
        loop = asyncio.get_running_loop()
        self._flying.append((loop.time() + self.delay_s, arrive))
        if len(self._flying) == 1:
            self._schedule(loop)

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.delay_s:
            loop.call_at(self._flying[0][0], self._land)
        else:
            loop.call_soon(self._land)

    def _land(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        try:
            # what is sent in answer to this landing lands in the next one
            for _ in range(len(self._flying)):
                due_s, arrive = self._flying[0]
                if self.delay_s and due_s > now_s:
                    break
                # still at the head while it arrives, so that `_fly` does not schedule a second landing
                try:
                    arrive()
                finally:
                    self._flying.popleft()
        finally:  # an error in somebody's callback is the loop's to report and must not stop the air
            if self._flying:
                self._schedule(loop)
            for (sender, handle), packets in self._landed.items():
                sender.complete(handle, packets)
            self._landed.clear()


class Radio(Controller):
    """A controller on an Air. It has a random address only and knows legacy advertising only."""

    le_features = Controller.le_features & ~(
        hci.LeFeatureMask.LE_EXTENDED_ADVERTISING | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
    )
    le_acl_data_packet_length = 251
    supported_max_tx_octets = 251
    supported_max_rx_octets = 251
    suggested_max_tx_octets = 251

    def __init__(self, name: str, air: Air) -> None:
        super().__init__(name, link=air)
        self.air = air
        self._to_host: deque[bytes] = deque()

    def has(self, connection: Connection) -> bool:
        """Whether this very connection still stands; a later one to the same peer is another."""
        return self.le_connections.get(connection.peer_address) is connection

    def on_packet(self, packet: bytes) -> None:
        if packet[0] != hci.HCI_ACL_DATA_PACKET:
            super().on_packet(packet)
            return
        _, handle, _ = _ACL_HEADER.unpack_from(packet)
        connection = self.find_le_connection_by_handle(handle & 0x0FFF)
        if connection is not None:
            self.air.send_data(self, connection, not handle & 0x1000, packet[_ACL_HEADER.size :])

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        if not self._to_host:
            asyncio.get_running_loop().call_soon(self._flush_to_host)
        self._to_host.append(bytes(packet))

    def hand_to_host(self, handle: int, first: bool, data: bytes) -> None:
        """Give the host one fragment of data at once, after the events that came before it."""
        self._flush_to_host()
        if self.host is not None:
            flags = _FIRST_FROM_CONTROLLER if first else 0x1000
            self.host.on_packet(_ACL_HEADER.pack(hci.HCI_ACL_DATA_PACKET, handle | flags, len(data)) + data)

    def complete(self, handle: int, packets: int) -> None:
        """Tell the host that so many of its packets have arrived."""
        self.send_hci_packet(
            hci.HCI_Number_Of_Completed_Packets_Event(connection_handles=[handle], num_completed_packets=[packets])
        )

    def on_le_disconnected(self, connection: Connection, reason: int) -> None:
        if self.has(connection):  # both sides may end it in the same moment
            super().on_le_disconnected(connection, reason)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        kinds = hci.HCI_LE_Advertising_Report_Event.EventType
        if self.le_scan_enable:
            self._report(kinds.ADV_IND, pdu.advertiser_address, pdu.data)
            if self.le_scan_type:
                self._report(kinds.SCAN_RSP, pdu.advertiser_address, self._scan_response(pdu.advertiser_address))
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Core specification 6.0, volume 4, part E, 7.8.13: the attempt ends with a connection complete event."""
        pending = self.pending_le_connection
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.pending_le_connection = None
        ended = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        # after the command's own completion
        asyncio.get_running_loop().call_soon(self.send_hci_packet, ended)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def _flush_to_host(self) -> None:
        while self._to_host:
            packet = self._to_host.popleft()
            if self.host is not None:
                self.host.on_packet(packet)

    def _report(self, kind: int, address: hci.Address, data: bytes) -> None:
        report = hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=kind, address_type=address.address_type, address=address, data=data, rssi=-50
        )
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))

    def _scan_response(self, address: hci.Address) -> bytes:
        for controller in self.air.controllers:
            advertiser = controller.le_legacy_advertiser
            if advertiser.enabled and advertiser.address == address:
                return advertiser.scan_response_data
        return b""


class AirHost(Host):
    """A host that passes notifications straight to `on_notification` where that is set.

    `on_notification(connection handle, attribute handle, value)` returns whether it took the value;
    everything else goes Bumble's way, which formats each packet for its debug log several times.
    """

    def __init__(self, radio: Radio) -> None:
        super().__init__()
        self.on_notification: Callable[[int, int, bytes], bool] | None = None
        self._radio = radio
        # not through the constructor: a Radio is source and sink by shape, not by type
        radio.set_packet_sink(self)
        self.hci_sink = radio

    def on_packet(self, packet: bytes) -> None:
        if packet[0] == hci.HCI_ACL_DATA_PACKET and self._took_notification(packet):
            return
        super().on_packet(packet)

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        if isinstance(packet, hci.HCI_AclDataPacket):
            self._radio.on_packet(bytes(packet))
        else:
            super().send_hci_packet(packet)

    async def drained(self, connection_handle: int) -> None:
        """Return when all data for a connection has arrived at its other end, or the connection is gone."""
        while (queue := self.get_data_packet_queue(connection_handle)) is not None and queue.pending:
            try:
                await queue.drain(connection_handle)
            except ValueError:  # the queue has just forgotten the connection
                return

    def _took_notification(self, packet: bytes) -> bool:
        if self.on_notification is None or len(packet) < _NOTIFICATION_START + 3 or packet[9] != _ATT_NOTIFICATION:
            return False
        _, handle, _ = _ACL_HEADER.unpack_from(packet)
        length, channel = _L2CAP_HEADER.unpack_from(packet, _ACL_HEADER.size)
        is_whole = handle & 0x3000 == _FIRST_FROM_CONTROLLER and length == len(packet) - _NOTIFICATION_START
        if channel != _ATT_CID or not is_whole:
            return False
        attribute = packet[10] | packet[11] << 8
        return self.on_notification(handle & 0x0FFF, attribute, packet[12:])


def make_device(air: Air, name: str, address: str) -> tuple[Device, Radio, AirHost]:
    """A Bumble device on `air` with the random static `address`; it still has to be powered on."""
    radio = Radio(name, air)
    host = AirHost(radio)
    config = DeviceConfiguration(name=name, address=hci.Address(address))
    return Device(config=config, host=host), radio, host
