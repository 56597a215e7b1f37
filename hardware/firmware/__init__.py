"""What runs on the sensor. Imports nothing of ours but itself."""
