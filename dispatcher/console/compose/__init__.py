"""Make a CAP message of what somebody writes into the pages of the console. Pure."""
