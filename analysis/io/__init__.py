"""The edges of the analysis: settings, store, MQTT, notifiers and the service that joins them."""
