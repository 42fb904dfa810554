"""The guarantees of design.md section 4 that faults are thrown at, in a few words each.

Owns the words; design.md owns the promises.
"""

GUARANTEES = {
    "G1": "No loss: a 202 means committed and flushed",
    "G2": "The same key gives the same event and one set of deliveries",
    "G3": "Every delivery ends, in time, and never changes afterwards",
    "G4": "Duplicates: none while healthy, else at most what was in flight at a fault",
    "G5": "Every request that a receiver sees is in the attempt log",
    "G6": "One attempt of a delivery at a time; a stale worker overwrites nothing",
    "G8": "Retries start when they should: never early, never after the window",
    "G10": "Stored = signed = sent: the same bytes on every attempt",
    "G12": "SIGTERM: nothing lost or doubled",
    "G14": "Database down, read-only or full: 503 with Retry-After, never 202; resumes unaided",
    "G16": "A payload that kills its worker each time is set aside; the others go on",
    "G19": "Fan-out = delivered + failed + cancelled + pending + in flight, at any moment",
}
