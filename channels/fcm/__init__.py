"""Firebase Cloud Messaging (HTTP v1): municipalities' own apps on Android."""
