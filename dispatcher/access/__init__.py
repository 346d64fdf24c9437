"""Say which principal may do what: principals, their permissions, and the one table that says which route and command
needs which.

Pure: how a key is looked up is the store's business, how a refusal looks the API's.
"""
