"""Discord's side: verification, inbound types, outbound messages."""
