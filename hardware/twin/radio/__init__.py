"""A radio without a radio: Bluetooth Low Energy inside one process, and bleak on top of it."""
