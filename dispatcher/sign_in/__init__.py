"""Let persons sign in: by password and a second factor, or by passkey; and let them enrol.

What is pure decides (`passwords.wrong_password`, `one_time_codes`, `allowances`, `passkeys`); `SignIn` and `Accounts`
act.
"""
