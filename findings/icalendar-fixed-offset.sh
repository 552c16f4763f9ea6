#!/usr/bin/env bash
# icalendar 7.3.2: a time with a fixed offset from UTC comes back without any zone.
#
# Such times are what a PostgreSQL driver gives for timestamptz. One would expect what is written to be
# the same instant when it is read: in UTC, or with an offset. It is written with a TZID that no time zone
# database has ("UTC+01:00"), without a VTIMEZONE that explains it, and the same library reads it as a
# local time. No step says a word. The way out: astimezone(timezone.utc) before adding it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check icalendar==7.3.2

"$work/venv/bin/python" - <<'PYTHON' | tee "$work/seen"
from datetime import datetime, timedelta, timezone

import icalendar

print("icalendar", icalendar.__version__)
hour_ahead = timezone(timedelta(hours=1))
for zone in (hour_ahead, timezone.utc):
    todo = icalendar.Todo()
    todo.add("uid", "1")
    todo.add("due", datetime(2026, 11, 25, 17, 0, tzinfo=zone))
    written = todo.to_ical()
    [line] = [each for each in written.decode().splitlines() if each.startswith("DUE")]
    read = icalendar.Todo.from_ical(written).get("due").dt
    print(line, "-> utcoffset", read.utcoffset())
PYTHON

diff "$work/seen" - <<'SEEN' && echo "still so"
icalendar 7.3.2
DUE;TZID="UTC+01:00":20261125T170000 -> utcoffset None
DUE:20261125T170000Z -> utcoffset 0:00:00
SEEN
