"""Reads what somebody else wrote or laid, within limits: it may be somebody nobody trusts yet."""
