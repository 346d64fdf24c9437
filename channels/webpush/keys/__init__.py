"""Message keys that are made before there is a message: kept, and made beside the process that sends."""
