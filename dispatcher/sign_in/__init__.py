"""Let persons sign in: by password and a second factor, by passkey, by a provider elsewhere; and let them enrol.

What is pure decides (`passwords.wrong_password`, `one_time_codes`, `allowances`, `passkeys`); `SignIn` and `Accounts`
act.
"""
