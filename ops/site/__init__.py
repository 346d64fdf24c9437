"""The documents as a web site, which loads nothing from elsewhere: `python -m ops.site` builds it into var/site."""
