"""The barcode scanner: from the bytes that a scanner types or sends to scans that may be believed."""
