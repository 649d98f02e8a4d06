"""The stages of delivery, one file each: route, mute, digest, dedupe, send, record. `alerting` and `cli` only."""
