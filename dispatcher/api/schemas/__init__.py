"""The JSON bodies of the API, by what they are about, and how they are made of values."""
