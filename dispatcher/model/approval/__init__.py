"""Approvals as the record has them: what a policy asks for, what a second person is shown, what was decided."""
