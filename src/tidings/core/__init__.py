"""What decides: pure rules and values, which know no clock, no chance, no file and no network."""
