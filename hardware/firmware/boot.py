"""Runs before code.py: the drive belongs to the sensor, which keeps packets on it, and the computer may read it.

With the button held while it is plugged in, the drive belongs to the computer: to change settings or firmware.
"""

import board
import digitalio
import storage

button = digitalio.DigitalInOut(board.D3)
button.switch_to_input(pull=digitalio.Pull.UP)
if button.value:
    storage.remount("/", readonly=False)
