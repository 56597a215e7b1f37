"""The sensor that is worn: its firmware, its wire protocol and its software twin."""
