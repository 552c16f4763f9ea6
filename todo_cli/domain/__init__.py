"""The pure part: no SQL, no IO; the clock and the time zone are passed in."""
