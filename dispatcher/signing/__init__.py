"""Sign the alerts that the service passes on, by a key that all its machines have alike."""
