"""The hub's own MQTT client: acknowledges what is kept, and nothing before."""
