"""Let persons sign in by OpenID Connect, at a provider that the operator names.

What is pure decides (`authorization`, `id_token`); `OidcProvider` asks, `ProviderSignIn` opens the session.
"""
