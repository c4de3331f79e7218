"""Computer-telephony integration: what a call is, and the bridge to Asterisk."""
