"""Answer the page on which persons see how the service was in the last hours."""
