"""The software twin: a simulated wearer, a real IMU's errors, and both on a virtual radio."""
