"""The stage on which faults are played: real Envoys as gateway pods, real nginx, a real name
server, real certificates, and health-responder among them."""
