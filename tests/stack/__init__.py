"""The programs around health-responder on one machine: Envoy as the gateway, nginx as the
apps, and health-responder itself. `make run` and the end-to-end tests start the same ones."""
