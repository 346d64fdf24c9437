"""Streams: Server-Sent Events of what changes in what anybody may read."""
