"""From accepted bytes to settled recipients: accept, decide, plan, deliver, settle, sweep."""
