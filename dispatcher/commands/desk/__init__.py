"""The commands of a duty officer: they speak HTTP with the key in WARN_API_KEY, in German unless told otherwise."""
