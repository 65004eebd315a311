"""The conversation with shopkeeper and household: keys and scans in, decisions committed, sounds and paper out."""
