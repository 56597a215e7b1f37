"""Bytes from the air become samples on MQTT. The only part that knows Bluetooth."""
